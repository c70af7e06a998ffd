"""The messages between display, browser and consultation service.

One websocket for each seat carries everything but media and files. A text frame is one
message: a JSON object whose `t` names its kind (`ClientMessage` towards the service,
`ServerMessage` from it). A binary frame is one byte that says what it carries (`Channel`)
and a Yjs update or state vector.

The first message of a client is `Hello`. What is larger than its limit, malformed or unknown
closes the connection with the `Close` code that says why; nothing of it takes effect.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

WIRE_VERSION: Final = 1
MAX_TEXT_BYTES: Final = 64 * 1024
"""Of one text frame; a session description with many candidates is some 12 KB."""
MAX_BINARY_BYTES: Final = 4 * 1024 * 1024
"""Of one binary frame: a stroke is some 300 bytes, a pasted board megabytes."""
MAX_LIVE_POINTS: Final = 256
"""Points in one message of a stroke under way; 60 messages a second carry 4 each at 240 Hz."""
MESSAGES_HZ: Final = 120.0
"""Messages a second that a seat may send in the long run."""
MESSAGES_BURST: Final = 240
SEAT_KEPT_S: Final = 120.0
"""How long a seat is kept for somebody whose connection is gone."""
MAX_NAME: Final = 40
MAX_FILE_NAME: Final = 120
MAX_TITLE: Final = 80

SUBPROTOCOL: Final = "kokuban.1"
SOCKET_PATH: Final = "/api/v1/socket"


class Channel(IntEnum):
    """The first byte of a binary frame: what the rest of it is."""

    BOARD_UPDATE = 1
    BOARD_STATE_VECTOR = 2
    """Asks the other side for what the sender lacks; answered with BOARD_UPDATE."""
    NOTES_UPDATE = 3
    """The staff's notes: a Yjs document of their own. Never sent to a guest."""
    NOTES_STATE_VECTOR = 4


class Close(IntEnum):
    """Why the service closed a connection."""

    MALFORMED = 4400
    BAD_TOKEN = 4401
    PUT_OUT = 4403
    """Refused in the lobby or put out of the room; the token is dead."""
    TAKEN_ELSEWHERE = 4409
    """The same seat was taken up by a newer connection."""
    OVER = 4410
    TOO_LARGE = 4413
    OLD_CLIENT = 4426
    """Another `WIRE_VERSION`: load the page again."""
    TOO_FAST = 4429
    TOO_SLOW = 4430
    """The client did not read for so long that its queue was full; connect again."""
    SERVICE_ENDS = 4503
    """The service is being restarted; connect again."""


class Role(StrEnum):
    """What somebody is in a room."""

    STAFF = "staff"
    KIOSK = "kiosk"
    GUEST = "guest"


class Problem(StrEnum):
    """What went wrong, as a stable name in the answers of the service."""

    WRONG_KEY = "wrong_key"
    SLOWED = "slowed"
    LOCKED_OUT = "locked_out"
    ROOM_OVER = "room_over"
    ROOM_FULL = "room_full"
    ROOM_LOCKED = "room_locked"
    ROOM_NOT_YET = "room_not_yet"
    NOT_ALLOWED = "not_allowed"
    NOT_SIGNED_IN = "not_signed_in"
    NOT_FOUND = "not_found"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    WRONG_TYPE = "wrong_type"
    NO_ROOM_ON_DISK = "no_room_on_disk"
    FOREIGN_ORIGIN = "foreign_origin"
    BROKEN = "broken"


Id: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Token: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{20,128}$")]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name: TypeAlias = Annotated[str, StringConstraints(max_length=MAX_NAME)]
Language: TypeAlias = Literal["ja", "en", "ja-easy"]
Coordinate: TypeAlias = Annotated[float, Field(ge=-1e7, le=1e7, allow_inf_nan=False)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1e10, allow_inf_nan=False)]


class Message(BaseModel):
    """What all messages share: unknown fields are refused, nothing can be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# What messages are made of ---------------------------------------------------------------


class SeatView(Message):
    """Somebody in a room, as the others see them.

    Attributes:
        id: The seat.
        name: As it was typed; empty for "guest".
        role: Staff, kiosk or guest.
        colour: Of their pen and pointer, "#rrggbb".
        connected: Whether a connection is open; the seat is kept for a while without one.
        microphone: Whether it is on.
        camera: Whether it is on.
        may_draw: Whether their pen writes.
        rung: Of the ladder of `Line`, 0 for everything.
    """

    id: Id
    name: Name
    role: Role
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
    connected: bool = True
    microphone: bool = False
    camera: bool = False
    may_draw: bool = True
    rung: int = 0


class Knock(Message):
    """Somebody in the lobby."""

    seat: Id
    name: Name
    language: Language
    since_s: Seconds
    """How long they have been waiting."""


class RoomView(Message):
    """A room, as those in it see it."""

    id: Id
    title: Annotated[str, StringConstraints(max_length=MAX_TITLE)]
    locked: bool = False
    consent: Literal["none", "ask"] = "none"
    """Whether guests are asked to agree before they come in."""
    guest_pens: bool = True
    """Whether guests may draw, as long as nobody took their pen away."""
    guest_files: bool = True
    """Whether guests may hand files in."""
    memo: bool = False
    """Whether the shared memo is open."""
    board: bool = False
    """Whether the board is shown."""
    page: Id | None = None
    """The page that is shown."""
    kept: bool = False
    """Whether staff keep what was shared after the end."""
    closes_in_s: Seconds | None = None


class FileView(Message):
    """A file that was handed over in a room."""

    id: Id
    name: Annotated[str, StringConstraints(min_length=1, max_length=MAX_FILE_NAME)]
    size: Annotated[int, Field(ge=0)]
    """Bytes."""
    media_type: Annotated[str, StringConstraints(max_length=100)]
    seat: Id | None
    """Who handed it in."""
    name_of_sender: Name = ""
    from_guest: bool = False


class DocumentView(Message):
    """A document whose pages lie under pages of the board."""

    id: Sha256
    name: Annotated[str, StringConstraints(max_length=MAX_FILE_NAME)]
    sheets: Annotated[int, Field(ge=0, le=5000)]
    """Pages; 0 while it is not known yet."""
    failed: bool = False


class IceServer(Message):
    """Where a browser finds its way through a firewall, as WebRTC has it."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class Rights(Message):
    """What a seat may do now."""

    draw: bool = True
    point: bool = True
    files: bool = True
    memo: bool = True
    manage: bool = False
    """Admit, refuse, put out, lock, take pens, end: staff and the kiosk of the room."""
    notes: bool = False


class Description(Message):
    """A session description of WebRTC; without `sdp` for a rollback."""

    type: Literal["offer", "answer", "rollback"]
    sdp: Annotated[str, StringConstraints(max_length=60_000)] = ""


class Candidate(Message):
    """A candidate of ICE, in the names of RTCIceCandidateInit."""

    candidate: Annotated[str, StringConstraints(max_length=2_000)]
    sdpMid: Annotated[str, StringConstraints(max_length=64)] | None = None  # noqa: N815
    sdpMLineIndex: Annotated[int, Field(ge=0, le=1000)] | None = None  # noqa: N815
    usernameFragment: Annotated[str, StringConstraints(max_length=256)] | None = None  # noqa: N815


# From a client ----------------------------------------------------------------------------


class Hello(Message):
    """Says who this is; the first message, and no other time."""

    t: Literal["hello"] = "hello"
    token: Token
    version: int
    name: Name | None = None
    """What somebody still outside the room is called from now on; None leaves it.

    The key is checked as soon as it is typed, before anybody was asked for a name.
    """


class Bye(Message):
    """Leaves for good: the seat is given up."""

    t: Literal["bye"] = "bye"


class Signal(Message):
    """Hands a description or a candidate to another seat. Service: with the sender's seat."""

    t: Literal["signal"] = "signal"
    seat: Id
    """To a client: whose it is. To the service: who gets it."""
    description: Description | None = None
    candidate: Candidate | None = None


class Live(Message):
    """A piece of the stroke under a pen; replaced by the finished item when it is lifted.

    Attributes:
        stroke: The same for all pieces of a stroke; the id of the item that it becomes.
        page: The page it is on.
        brush: See `board_doc.BrushKind`.
        colour: Ink colour, see `board_doc`.
        width_pt: Nominal width.
        points: x_pt, y_pt, pressure 0..1 of each point, one after the other.
        end: Whether it is over: lifted, or given up.
        seat: Whose it is; only from the service.
    """

    t: Literal["live"] = "live"
    stroke: Id
    page: Id
    brush: Annotated[int, Field(ge=1, le=3)]
    colour: Annotated[int, Field(ge=0, le=0xFFFFFFFF)]
    width_pt: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
    points: Annotated[tuple[Coordinate, ...], Field(max_length=3 * MAX_LIVE_POINTS)] = ()
    end: bool = False
    seat: Id | None = None


class Pointer(Message):
    """Where somebody points; `page` None when they no longer do."""

    t: Literal["pointer"] = "pointer"
    page: Id | None
    x_pt: Coordinate = 0.0
    y_pt: Coordinate = 0.0
    seat: Id | None = None


class PageShown(Message):
    """The page that all are led to; None puts the board away. Staff and kiosk."""

    t: Literal["page"] = "page"
    page: Id | None
    seat: Id | None = None


class Media(Message):
    """Whether microphone and camera of the sender are on."""

    t: Literal["media"] = "media"
    microphone: bool
    camera: bool


class Line(Message):
    """How the sender's line is, and on which rung of the ladder they are.

    Rungs: 0 everything, 1 small faces, 2 no faces, 3 low document pages, 4 voice and ink
    alone.
    """

    t: Literal["line"] = "line"
    rung: Annotated[int, Field(ge=0, le=4)]
    rtt_ms: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] | None = None
    loss: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None


class Admit(Message):
    """Opens the door for somebody in the lobby. Staff and kiosk."""

    t: Literal["admit"] = "admit"
    seat: Id


class Refuse(Message):
    """Sends somebody in the lobby away. Staff and kiosk."""

    t: Literal["refuse"] = "refuse"
    seat: Id


class PutOut(Message):
    """Puts a guest out of the room. Staff and kiosk."""

    t: Literal["put_out"] = "put_out"
    seat: Id


class SetPen(Message):
    """Takes the pen away from a guest, or gives it back; None for all guests. Staff, kiosk."""

    t: Literal["pen"] = "pen"
    seat: Id | None
    allowed: bool


class SetRoom(Message):
    """Changes how the room is; None leaves as it is. Staff and kiosk."""

    t: Literal["set_room"] = "set_room"
    locked: bool | None = None
    memo: bool | None = None
    guest_files: bool | None = None
    kept: bool | None = None
    consent: Literal["none", "ask"] | None = None


class Consent(Message):
    """What a guest said to the consent banner; who says no stays in the lobby."""

    t: Literal["consent"] = "consent"
    given: bool


class End(Message):
    """Ends the room for all. Staff and kiosk."""

    t: Literal["end"] = "end"


class AskIce(Message):
    """Asks for fresh TURN credentials; answered with `Ice`."""

    t: Literal["ask_ice"] = "ask_ice"


class Ping(Message):
    """Answered with `Pong` and the same number: the client's measure of the line."""

    t: Literal["ping"] = "ping"
    n: Annotated[int, Field(ge=0, le=2**53)]


# From the service -------------------------------------------------------------------------


class Waiting(Message):
    """In the lobby: sent after `Hello`, and when something about it changes."""

    t: Literal["waiting"] = "waiting"
    seat: Id
    room: RoomView
    staff_here: bool
    """Whether somebody is there who can open."""


class Welcome(Message):
    """In the room: everything there is to know, also after a lost connection.

    Board and memo follow as binary frames; the client sends its state vector first.
    """

    t: Literal["welcome"] = "welcome"
    version: int = WIRE_VERSION
    seat: Id
    role: Role
    room: RoomView
    seats: tuple[SeatView, ...]
    """All of them, the client's own too."""
    rights: Rights
    ice: tuple[IceServer, ...]
    files: tuple[FileView, ...] = ()
    documents: tuple[DocumentView, ...] = ()
    knocks: tuple[Knock, ...] = ()
    """Who waits in the lobby; for those with `Rights.manage`."""
    knocking: int = 0


class SeatChanged(Message):
    """Somebody came, or something about them is different now."""

    t: Literal["seat"] = "seat"
    seat: SeatView


class SeatLeft(Message):
    """Somebody left for good."""

    t: Literal["seat_left"] = "seat_left"
    seat: Id


class Knocks(Message):
    """Who waits in the lobby: the first of them, and how many there are."""

    t: Literal["knocks"] = "knocks"
    knocks: tuple[Knock, ...]
    total: int


class RightsChanged(Message):
    """What the client may do now."""

    t: Literal["rights"] = "rights"
    rights: Rights


class RoomChanged(Message):
    """How the room is now."""

    t: Literal["room"] = "room"
    room: RoomView


class Files(Message):
    """All files of the room, after one came or went."""

    t: Literal["files"] = "files"
    files: tuple[FileView, ...]


class Documents(Message):
    """All documents of the room, after one came or became known better."""

    t: Literal["documents"] = "documents"
    documents: tuple[DocumentView, ...]


class Ice(Message):
    """Fresh TURN credentials."""

    t: Literal["ice"] = "ice"
    ice: tuple[IceServer, ...]


class Pong(Message):
    """The answer to `Ping`."""

    t: Literal["pong"] = "pong"
    n: int


class Over(Message):
    """The room ended, or the client's part in it; the connection is closed next."""

    t: Literal["over"] = "over"
    reason: Literal["ended", "refused", "put_out", "left", "time"]
    files: tuple[FileView, ...] = ()
    files_for_s: Seconds = 0.0
    """How long the files can still be fetched with the same token."""


class Trouble(Message):
    """Something the client asked for did not happen."""

    t: Literal["trouble"] = "trouble"
    problem: Problem
    about: Annotated[str, StringConstraints(max_length=40)] = ""
    """The `t` of the message that it is about."""


ClientMessage: TypeAlias = Annotated[
    Hello
    | Bye
    | Signal
    | Live
    | Pointer
    | PageShown
    | Media
    | Line
    | Admit
    | Refuse
    | PutOut
    | SetPen
    | SetRoom
    | Consent
    | End
    | AskIce
    | Ping,
    Field(discriminator="t"),
]
ServerMessage: TypeAlias = Annotated[
    Waiting
    | Welcome
    | SeatChanged
    | SeatLeft
    | Knocks
    | RightsChanged
    | RoomChanged
    | Files
    | Documents
    | Ice
    | Pong
    | Over
    | Trouble
    | Signal
    | Live
    | Pointer
    | PageShown,
    Field(discriminator="t"),
]

_CLIENT: Final[TypeAdapter[ClientMessage]] = TypeAdapter(ClientMessage)
_SERVER: Final[TypeAdapter[ServerMessage]] = TypeAdapter(ServerMessage)


def parse_client(text: str | bytes) -> ClientMessage:
    """Return the message of a client.

    Raises:
        ValueError: it is not one, or larger than `MAX_TEXT_BYTES`.
    """
    return _CLIENT.validate_json(_bounded(text))


def parse_server(text: str | bytes) -> ServerMessage:
    """Return the message of the service.

    Raises:
        ValueError: it is not one.
    """
    return _SERVER.validate_json(text)


def pack(message: Message) -> str:
    """Return a message as the text of its frame."""
    return message.model_dump_json(exclude_none=False)


def _bounded(text: str | bytes) -> str | bytes:
    # A character takes at most four bytes; counting them exactly would copy the text.
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "replace"))
    if size > MAX_TEXT_BYTES:
        raise ValueError(f"a message of {size} bytes")
    return text


# Over HTTP --------------------------------------------------------------------------------


class JoinAsked(Message):
    """POST /api/v1/join: a guest types the key."""

    key: Annotated[str, StringConstraints(max_length=64)]
    """As typed: full-width digits, spaces and hyphens are taken."""
    name: Name = ""
    language: Language = "ja"


class Joined(Message):
    """A seat in the lobby, and the token that takes it up."""

    seat: Id
    token: Token
    room: Id
    title: str


class OpenAsked(Message):
    """POST /api/v1/rooms: staff or a paired kiosk open a room."""

    title: Annotated[str, StringConstraints(max_length=MAX_TITLE)] = ""
    opens_in_s: Annotated[float, Field(ge=0, le=90 * 86400)] = 0.0
    open_for_s: Annotated[float, Field(ge=60, le=7 * 86400)] | None = None
    """None: until staff end it, and at most a day."""
    consent: Literal["none", "ask"] = "none"
    guest_pens: bool = True
    guest_files: bool = True
    guest_limit: Annotated[int, Field(ge=1, le=64)] | None = None
    """None: as the service is configured (four sites, so three guests)."""


class Opened(Message):
    """A room that was opened."""

    room: Id
    title: str
    key: Annotated[str, StringConstraints(pattern=r"^[0-9]{8}$")]
    link: str
    """With the key in its fragment: the service's log never sees it."""
    state: Literal["planned", "open", "over"]
    opens_in_s: Seconds = 0.0
    closes_in_s: Seconds | None = None
    locked: bool = False
    kept: bool = False
    """Whether what is shared stays after the end, for its opener to read."""
    guests: int = 0
    knocking: int = 0


class KeptRoom(Message):
    """GET /api/v1/kept: a room that is over, and that staff kept. Moments: s since 1970."""

    room: Id
    title: str
    opened_by: Name = ""
    """The name of the account or display whose room it was."""
    opened_at: Seconds
    ended_at: Seconds
    kept_until: Seconds
    """Then it goes by itself."""
    files: int
    """How many: those handed over, and documents of the board."""
    size: int
    """Bytes, of all that was kept."""


class KeptContents(Message):
    """GET /api/v1/kept/{room}: what there is of it; each part has an address of its own."""

    about: KeptRoom
    pages: int
    """Of the board."""
    has_memo: bool
    has_notes: bool
    files: tuple[FileView, ...]
    documents: tuple[DocumentView, ...]


class SeatAsked(Message):
    """POST /api/v1/rooms/{room}/seats: staff or the kiosk take a seat of their own."""

    name: Name = ""


class SheetSizes(Message):
    """GET /api/v1/rooms/{room}/documents/{sha256}/sheets: what a page of the board needs."""

    sizes_pt: Annotated[tuple[tuple[float, float], ...], Field(max_length=5000)]
    """Width and height of each sheet; empty when the document cannot be read."""


class PairingAsked(Message):
    """POST /api/v1/pairings: a display asks to be let in."""

    name: Name


class PairingOffered(Message):
    """What the display shows, and what it asks again with."""

    code: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{8}$")]
    secret: Token
    expires_in_s: Seconds


class PairingState(Message):
    """GET /api/v1/pairings with the secret: whether an administrator has said yes."""

    state: Literal["waiting", "confirmed", "refused", "expired"]
    token: Token | None = None
    """Given once, with `confirmed`."""


class Refusal(Message):
    """The body of every answer that is not a success."""

    problem: Problem
    retry_s: Seconds | None = None
    """When it is worth trying again."""
    phone: str = ""
    """Whom to call when the key does not work."""
