"""The pages of an export in the board's order, out of the documents they come from.

The document with the most sheets on the board stays the file itself: its outline, links,
forms, labels and attachments are kept as far as what they lead to is still there. Nothing of
a page that was left out stays in the file. Sheets of other documents are copied in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Pdf

from base.errors import AppError, ErrorCode
from whiteboard.model.document import SheetRef
from whiteboard.services.pdf.pdf_space import own_attributes

_MAX_OUTLINE: Final = 20_000
_MAX_DEPTH: Final = 64
_NO_ENCRYPTION: Final = 1
"""MuPDF's number for it."""
_Id: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """A document under the pages.

    Attributes:
        document: Its id.
        path: Where its file is.
        password: What opens it; empty where nothing is needed.
    """

    document: str
    path: str
    password: str = ""


def open_pdf(path: Path, password: str = "") -> Pdf:
    """Open a PDF; a damaged one is repaired as far as qpdf or MuPDF can.

    Raises:
        AppError: DOCUMENT_ENCRYPTED, DOCUMENT_DAMAGED, NOT_FOUND.
    """
    try:
        pdf = Pdf.open(path, password=password, suppress_warnings=True)
        if len(pdf.pages):
            if "/Size" not in pdf.trailer:
                # WORKAROUND(qpdf 12.4 writes the size of a file only over one that was
                # there; a trailer that it had to make up has none).
                pdf.trailer["/Size"] = len(pdf.objects) + 1
            return pdf
        pdf.close()
    except pikepdf.PasswordError as error:
        raise AppError(ErrorCode.DOCUMENT_ENCRYPTED, str(path)) from error
    except FileNotFoundError as error:
        raise AppError(ErrorCode.NOT_FOUND, str(path)) from error
    except (pikepdf.PdfError, RuntimeError):
        pass
    return _open_repaired(path, password)


def _open_repaired(path: Path, password: str) -> Pdf:
    """What is shown was read by MuPDF, which finds pages where qpdf finds none."""
    import io

    import pymupdf

    try:
        with pymupdf.open(path) as document:
            if document.needs_pass and not document.authenticate(password):
                raise AppError(ErrorCode.DOCUMENT_ENCRYPTED, str(path))
            data = document.tobytes(encryption=_NO_ENCRYPTION)
        return Pdf.open(io.BytesIO(data), suppress_warnings=True)
    except (RuntimeError, ValueError, pikepdf.PdfError) as error:
        raise AppError(ErrorCode.DOCUMENT_DAMAGED, f"{path}: {error}") from error


class Assembly:
    """A PDF in the making out of the sheets of documents.

    Use as a context manager; the documents are closed at its end.

    Args:
        sources: The documents.
        wanted: The sheet of each page in the order of the export; None for pages without.

    Raises:
        AppError: as `open_pdf`; PAGE_UNREADABLE for a sheet that a document does not have.
    """

    def __init__(self, sources: Sequence[Source], wanted: Sequence[SheetRef | None]) -> None:
        self._stack = ExitStack()
        self._sources = {source.document: source for source in sources}
        self._opened: dict[str, _Opened] = {}
        uses = Counter(sheet.document for sheet in wanted if sheet is not None)
        self._base = uses.most_common(1)[0][0] if uses else ""
        try:
            for document in uses:
                self._opened[document] = self._open(document)
            self.pdf = self._opened[self._base].pdf if self._base else self._blank()
            self._pages = [self._place(sheet) for sheet in wanted]
            self._finish_base(wanted)
            for document in list(uses):
                if document != self._base:
                    self._finish_foreign(self._opened[document])
            self._build_tree()
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Assembly:
        """Return the assembly."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the documents."""
        self._stack.close()

    @property
    def pages(self) -> Sequence[Object]:
        """The pages in the order of the export; those without a sheet are empty."""
        return self._pages

    @property
    def password(self) -> str:
        """What opens the first document that is encrypted; empty when none is."""
        encrypted = (o for o in self._opened.values() if o.pdf.is_encrypted)
        return next((o.source.password for o in encrypted), "")

    @property
    def is_encrypted(self) -> bool:
        """Whether one of the documents is."""
        return any(opened.pdf.is_encrypted for opened in self._opened.values())

    # Pages ------------------------------------------------------------------------------

    def _open(self, document: str) -> _Opened:
        source = self._sources.get(document)
        if source is None:
            raise AppError(ErrorCode.NOT_FOUND, f"document {document}")
        pdf = self._stack.enter_context(open_pdf(Path(source.path), source.password))
        return _Opened(source, pdf)

    def _blank(self) -> Pdf:
        return self._stack.enter_context(Pdf.new())

    def _place(self, sheet: SheetRef | None) -> Object:
        if sheet is None:
            return self.pdf.make_indirect(Dictionary(Type=Name("/Page")))
        opened = self._opened[sheet.document]
        if not 0 <= sheet.number < len(opened.pages):
            raise AppError(ErrorCode.PAGE_UNREADABLE, f"{sheet.document}: {sheet.number}")
        page = opened.pages[sheet.number]
        first = opened.placed.get(sheet.number)
        if first is not None:
            return self._copy(first)
        placed = page if sheet.document == self._base else self._bring(page)
        opened.placed[sheet.number] = placed
        return placed

    def _bring(self, page: Object) -> Object:
        """Return a page of another document in this one."""
        self.pdf.pages.append(pikepdf.Page(page))
        return self.pdf.pages[-1].obj

    def _copy(self, page: Object) -> Object:
        """Return a page once more, with annotations of its own."""
        copy = Dictionary({key: value for key, value in page.items() if key != "/Annots"})
        annotations = [
            self.pdf.make_indirect(Dictionary(dict(one.items())))
            for one in _annotations(page)
            if one.get("/Subtype") != Name("/Widget")
        ]
        result = self.pdf.make_indirect(copy)
        for one in annotations:
            if "/P" in one:
                one["/P"] = result
        if annotations:
            result["/Annots"] = Array(annotations)
        return result

    def _build_tree(self) -> None:
        tree = self.pdf.make_indirect(
            Dictionary(Type=Name("/Pages"), Kids=Array(self._pages), Count=len(self._pages))
        )
        for page in self._pages:
            page["/Parent"] = tree
        self.pdf.Root["/Pages"] = tree

    # What leads to pages ----------------------------------------------------------------

    def _finish_base(self, wanted: Sequence[SheetRef | None]) -> None:
        if not self._base:
            return
        opened = self._opened[self._base]
        root = self.pdf.Root
        left_out = [
            page for number, page in enumerate(opened.pages) if number not in opened.placed
        ]
        numbers = [s.number if s and s.document == self._base else None for s in wanted]
        if numbers != list(range(len(opened.pages))):
            _relabel(opened, root, numbers)
        if not left_out:
            return
        gone = {page.objgen for page in left_out}
        destinations = opened.destinations
        for page in opened.placed.values():
            _drop_links(page, gone, destinations)
        if "/Outlines" in root:
            _prune_outline(root, gone, destinations)
        _prune_destinations(root, gone)
        _prune_fields(root, left_out)
        # The tags of a document say its text once more, that of pages left out as well.
        for key in ("/StructTreeRoot", "/MarkInfo", "/Threads"):
            if key in root:
                del root[key]
        target = _target(root.get("/OpenAction"), destinations)
        if target is not None and target.objgen in gone:
            del root["/OpenAction"]
        for page in left_out:
            # Whatever still points to it must not bring its content along.
            for key in list(page.keys()):
                del page[key]

    def _finish_foreign(self, opened: _Opened) -> None:
        """Mend links inside a document whose pages were copied, and add its outline."""
        places = {page.objgen: number for number, page in enumerate(opened.pages)}
        for number, placed in opened.placed.items():
            dropped: list[int] = []
            pairs = zip(_annotations(opened.pages[number]), _annotations(placed), strict=False)
            for index, (old, new) in enumerate(pairs):
                if not _is_link(old):
                    continue
                target = _target(old, opened.destinations)
                if target is None:
                    continue
                page = opened.placed.get(places.get(target.objgen, -1))
                if page is None:
                    dropped.append(index)
                    continue
                new["/Dest"] = self._destination(old, page, opened)
                if "/A" in new:
                    del new["/A"]
            for index in reversed(dropped):
                del placed["/Annots"][index]
        if "/Outlines" in opened.pdf.Root:
            entries = list(self._bring_outline(opened, opened.pdf.Root["/Outlines"], places))
            _append_outline(self.pdf, entries)

    def _destination(self, link: Object, page: Object, opened: _Opened) -> Array:
        way = _explicit(link, opened.destinations)
        # Names and numbers; an object of the other file could not be written here.
        rest: list[object] = []
        if way is not None:
            rest += list(way)[1:]
        if any(isinstance(one, Object) and not isinstance(one, Name) for one in rest):
            rest = []
        return Array([page, *rest] if rest else [page, Name("/Fit")])

    def _bring_outline(
        self, opened: _Opened, parent: Object, places: Mapping[_Id, int], depth: int = 0
    ) -> Iterator[_Entry]:
        for item in _outline_items(parent):
            kids: list[_Entry] = []
            if "/First" in item and depth < _MAX_DEPTH:
                kids = list(self._bring_outline(opened, item, places, depth + 1))
            target = _target(item, opened.destinations)
            page = None
            if target is not None:
                page = opened.placed.get(places.get(target.objgen, -1))
            if page is None and not kids:
                continue
            entry = self.pdf.make_indirect(
                Dictionary(Title=pikepdf.String(str(item.get("/Title", ""))))
            )
            if page is not None:
                entry["/Dest"] = self._destination(item, page, opened)
            yield _Entry(entry, kids)


class _Opened:
    """A document that is open."""

    def __init__(self, source: Source, pdf: Pdf) -> None:
        self.source = source
        self.pdf = pdf
        self.pages = [page.obj for page in pdf.pages]
        self.placed: dict[int, Object] = {}
        for page in self.pages:
            own_attributes(page)
        self._destinations: dict[str, Object] | None = None

    @property
    def destinations(self) -> Mapping[str, Object]:
        """The named destinations."""
        if self._destinations is None:
            self._destinations = dict(_named_destinations(self.pdf.Root))
        return self._destinations


@dataclass(frozen=True, slots=True)
class _Entry:
    item: Object
    kids: list[_Entry]


def _annotations(page: Object) -> list[Object]:
    value = page.get("/Annots")
    if not isinstance(value, Array):
        return []
    return [one for one in value if isinstance(one, Dictionary)]


def _is_link(annotation: Object) -> bool:
    return bool(annotation.get("/Subtype") == Name("/Link"))


# Destinations -----------------------------------------------------------------------


def _named_destinations(root: Object) -> Iterator[tuple[str, Object]]:
    old = root.get("/Dests")
    if isinstance(old, Dictionary):
        for name, value in old.items():
            yield name.removeprefix("/"), value
    for names in _name_leaves(root):
        members = list(names)
        for key, value in zip(members[::2], members[1::2], strict=False):
            yield str(key), value


def _name_leaves(root: Object) -> Iterator[Array]:
    """Yield the arrays of names and destinations."""
    names = root.get("/Names")
    tree = names.get("/Dests") if isinstance(names, Dictionary) else None
    waiting = [tree] if isinstance(tree, Dictionary) else []
    seen: set[_Id] = set()
    while waiting:
        node = waiting.pop()
        if node.is_indirect:
            if node.objgen in seen:
                continue
            seen.add(node.objgen)
        leaf = node.get("/Names")
        if isinstance(leaf, Array):
            yield leaf
        kids = node.get("/Kids")
        if isinstance(kids, Array):
            waiting += [kid for kid in kids if isinstance(kid, Dictionary)]


def _explicit(holder: Object | None, destinations: Mapping[str, Object]) -> Array | None:
    """Return where a link, an outline item, an action or a destination leads, as an array."""
    value = holder
    if isinstance(value, Dictionary):
        action = value.get("/A", value)
        is_goto = isinstance(action, Dictionary) and action.get("/S") == Name("/GoTo")
        value = value.get("/Dest", action.get("/D") if is_goto else None)
    if isinstance(value, Name | pikepdf.String):
        value = destinations.get(str(value).removeprefix("/"))
    if isinstance(value, Dictionary):
        value = value.get("/D")
    return value if isinstance(value, Array) and len(value) else None


def _target(holder: Object | None, destinations: Mapping[str, Object]) -> Object | None:
    """Return the page that something leads to; None where it leads outside or nowhere."""
    way = _explicit(holder, destinations)
    page = way[0] if way is not None else None
    return page if isinstance(page, Dictionary) and page.is_indirect else None


def _drop_links(page: Object, gone: set[_Id], destinations: Mapping[str, Object]) -> None:
    annotations = page.get("/Annots")
    if not isinstance(annotations, Array):
        return
    for index in reversed(range(len(annotations))):
        one = annotations[index]
        if not isinstance(one, Dictionary) or not _is_link(one):
            continue
        target = _target(one, destinations)
        if target is not None and target.objgen in gone:
            del annotations[index]


def _prune_destinations(root: Object, gone: set[_Id]) -> None:
    old = root.get("/Dests")
    if isinstance(old, Dictionary):
        for name in list(old.keys()):
            target = _target(old[name], {})
            if target is not None and target.objgen in gone:
                del old[name]
    for leaf in _name_leaves(root):
        for index in reversed(range(1, len(leaf), 2)):
            target = _target(leaf[index], {})
            if target is not None and target.objgen in gone:
                # The key stays where it is: the tree's limits name it.
                leaf[index] = Array([None, Name("/Fit")])


# Outline ----------------------------------------------------------------------------


def _outline_items(parent: Object) -> Iterator[Object]:
    item = parent.get("/First")
    seen: set[_Id] = set()
    while isinstance(item, Dictionary) and item.objgen not in seen:
        if len(seen) > _MAX_OUTLINE:
            return
        seen.add(item.objgen)
        yield item
        item = item.get("/Next")


def _prune_outline(root: Object, gone: set[_Id], destinations: Mapping[str, Object]) -> None:
    seen: set[_Id] = set()

    def prune(parent: Object, depth: int) -> list[_Entry]:
        kept: list[_Entry] = []
        for item in list(_outline_items(parent)):
            if item.objgen in seen or depth > _MAX_DEPTH:
                continue
            seen.add(item.objgen)
            kids = prune(item, depth + 1)
            target = _target(item, destinations)
            is_gone = target is not None and target.objgen in gone
            if is_gone and not kids:
                continue
            if is_gone:
                for key in ("/Dest", "/A"):
                    if key in item:
                        del item[key]
            kept.append(_Entry(item, kids))
        return kept

    _link_outline(root["/Outlines"], prune(root["/Outlines"], 0))


def _append_outline(pdf: Pdf, entries: list[_Entry]) -> None:
    if not entries:
        return
    if "/Outlines" not in pdf.Root:
        pdf.Root["/Outlines"] = pdf.make_indirect(Dictionary(Type=Name("/Outlines")))
    outlines = pdf.Root["/Outlines"]

    def entry(item: Object, depth: int = 0) -> _Entry:
        kids = list(_outline_items(item)) if depth < _MAX_DEPTH else []
        return _Entry(item, [entry(kid, depth + 1) for kid in kids])

    before = [entry(item) for item in _outline_items(outlines)]
    _link_outline(outlines, before + entries)


def _link_outline(parent: Object, entries: Sequence[_Entry]) -> None:
    """Write the links of an outline anew; closed branches stay closed."""
    is_closed = "/Count" in parent and int(parent["/Count"]) < 0
    for key in ("/First", "/Last", "/Count"):
        if key in parent:
            del parent[key]
    if not entries:
        return
    shown = 0
    for place, one in enumerate(entries):
        _link_outline(one.item, one.kids)
        one.item["/Parent"] = parent
        for key, near in (("/Prev", place - 1), ("/Next", place + 1)):
            if 0 <= near < len(entries):
                one.item[key] = entries[near].item
            elif key in one.item:
                del one.item[key]
        shown += 1 + max(int(one.item.get("/Count", 0)), 0)
    parent["/First"], parent["/Last"] = entries[0].item, entries[-1].item
    parent["/Count"] = -shown if is_closed else shown


# Labels and forms -------------------------------------------------------------------


def _relabel(opened: _Opened, root: Object, numbers: Sequence[int | None]) -> None:
    """Let each sheet keep the number that is printed on it."""
    if "/PageLabels" not in root:
        return
    labels = [str(pikepdf.Page(page).label) for page in opened.pages]
    entries: list[Object | int] = []
    for place, number in enumerate(numbers):
        text = labels[number] if number is not None else ""
        entries += (place, Dictionary(P=pikepdf.String(text)))
    root["/PageLabels"] = Dictionary(Nums=Array(entries))


def _prune_fields(root: Object, left_out: Sequence[Object]) -> None:
    """Drop form fields that were on pages left out, with what was filled in."""
    form = root.get("/AcroForm")
    if not isinstance(form, Dictionary):
        return
    fields = form.get("/Fields")
    if not isinstance(fields, Array):
        return
    gone = {one.objgen for page in left_out for one in _annotations(page) if one.is_indirect}
    seen: set[_Id] = set()

    def keep(field: Object, depth: int) -> bool:
        if not isinstance(field, Dictionary) or field.objgen in gone:
            return False
        kids = field.get("/Kids")
        if not isinstance(kids, Array) or depth > _MAX_DEPTH:
            return True
        if field.is_indirect:
            if field.objgen in seen:
                return True
            seen.add(field.objgen)
        for index in reversed(range(len(kids))):
            if not keep(kids[index], depth + 1):
                del kids[index]
        return len(kids) > 0

    for index in reversed(range(len(fields))):
        if not keep(fields[index], 0):
            del fields[index]
