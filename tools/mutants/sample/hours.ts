/** When the door is open: asked in a thread alone. */
export const isOpen = (hour: number): boolean => hour >= 8;
