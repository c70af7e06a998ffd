// The conversion engine of Qt Virtual Keyboard, without its keys: those are ours
// (kiosk/views/on_screen_keyboard.py). Driven by kiosk/services/input_engine.py.
import QtQml
import QtQuick.VirtualKeyboard.Core
import QtQuick.VirtualKeyboard.Plugins.OpenWNN

QtObject {
    id: root

    readonly property bool isReady: InputContext.inputEngine !== null
    readonly property string preedit: InputContext.preeditText
    readonly property QtObject candidates: isReady ? InputContext.inputEngine.wordCandidateListModel : null
    property int active: -1

    property JapaneseInputMethod japanese: JapaneseInputMethod {}
    property Connections watch: Connections {
        target: root.candidates
        function onActiveItemChanged(index) { root.active = index }
    }

    // The engine warns of every key until it has a method; letters pass it by.
    Component.onCompleted: {
        if (!isReady) return
        InputContext.inputEngine.inputMethod = japanese
        InputContext.inputEngine.inputMode = InputEngine.InputMode.Hiragana
    }

    function convert(key, text) {
        InputContext.inputEngine.virtualKeyClick(key, text, Qt.NoModifier)
    }

    function write(text) { InputContext.commit(text) }

    function press(key, text) { InputContext.sendKeyClick(key, text) }

    function letGo() { InputContext.inputEngine.inputMethod = null }

    function choose(place) { root.candidates.selectItem(place) }

    function cover(x, y, width, height) {
        InputContext.priv.keyboardRectangle = Qt.rect(x, y, width, height)
    }
}
