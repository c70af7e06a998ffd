/** Round as Python and NumPy do: what lies in the middle goes to the even neighbour. */
export function roundEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded + 0;
}
