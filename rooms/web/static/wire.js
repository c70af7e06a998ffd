/**
 * The constants of base/wire.py. tests/rooms/web/test_wire_js.py holds the two together.
 */

export const WIRE_VERSION = 1;
export const SUBPROTOCOL = 'kokuban.1';
export const SOCKET_PATH = '/api/v1/socket';
export const MAX_NAME = 40;
export const MAX_LIVE_POINTS = 256;

/** The first byte of a binary frame. */
export const Channel = Object.freeze({
  BOARD_UPDATE: 1,
  BOARD_STATE_VECTOR: 2,
  NOTES_UPDATE: 3,
  NOTES_STATE_VECTOR: 4,
});

/** Why the service closed a connection. */
export const Close = Object.freeze({
  MALFORMED: 4400,
  BAD_TOKEN: 4401,
  PUT_OUT: 4403,
  TAKEN_ELSEWHERE: 4409,
  OVER: 4410,
  TOO_LARGE: 4413,
  OLD_CLIENT: 4426,
  TOO_FAST: 4429,
  TOO_SLOW: 4430,
  SERVICE_ENDS: 4503,
});

/** After these it makes no sense to connect again. */
export const FINAL_CLOSES = Object.freeze([
  Close.BAD_TOKEN,
  Close.PUT_OUT,
  Close.TAKEN_ELSEWHERE,
  Close.OVER,
  Close.OLD_CLIENT,
]);

/** Which rung of the ladder of a line: what is given up to keep the voice. */
export const Rung = Object.freeze({
  EVERYTHING: 0,
  SMALL_FACES: 1,
  NO_FACES: 2,
  LOW_DOCUMENTS: 3,
  VOICE_AND_INK: 4,
});
