export {
  AbsolutePosition, Array, Doc, Map, RelativePosition, Text, UndoManager,
  applyUpdate, createAbsolutePositionFromRelativePosition,
  createRelativePositionFromTypeIndex, decodeUpdate, diffUpdate,
  encodeStateAsUpdate, encodeStateVector, mergeUpdates, transact,
} from "yjs";
