/** Widgets for the main area, a chunk of their own. */
export { Form } from './form';
export type { IFormOptions } from './form';
export { Grid } from './grid';
export type { IGridOptions } from './grid';
export type { IGridColumn } from './gridmodel';
export { LogBuffer } from './logbuffer';
export { LogView } from './logview';
export { Main } from './tabs';
export type { IMainOptions, ITab } from './tabs';
