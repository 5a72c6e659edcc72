export * from './machine.ts';
export * from './memoryState.ts';
export * from './state.ts';
