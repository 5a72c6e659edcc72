/**
 * The item at a position where one must be.
 *
 * @throws {RangeError} Where there is none: a bug, since whoever calls has checked the lengths.
 */
export function at<T>(list: ArrayLike<T>, position: number): T {
  const item = list[position];
  if (item === undefined)
    throw new RangeError(`Cannot take item ${position} of ${list.length}, want one that is there`);
  return item;
}
