import pytest

from base import text
from base.errors import ErrorCode
from base.feature import Weight
from kiosk.views.error_words import error_notice


@pytest.mark.parametrize("code", ErrorCode)
def test_every_error_has_words_in_both_languages(code: ErrorCode) -> None:
    text.set_language("en")
    english = error_notice(code)
    text.set_language("ja")
    japanese = error_notice(code)
    assert english.weight is Weight.TROUBLE
    assert english.text != japanese.text
    assert code.value not in english.text
    assert "Something went wrong" not in english.text
