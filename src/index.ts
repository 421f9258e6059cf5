/**
 * What other extensions import from `escape-vre`.
 *
 * The package is shared, not bundled (see *The front end* in the developer
 * guide), so that tokens are the same objects everywhere. What stands here is
 * loaded with each extension that uses it; what panels are made of comes with
 * `kit()`, when a panel is first shown.
 */
import type * as kitModule from './ui/kit';
import type * as mainModule from './ui/main';

export type { IAmount, IJob, IProgress } from './core/api';
export { AgentError } from './core/errors';
export type { IErrorBody, ITrans } from './core/errors';
export { IAgent, IJobs } from './core/tokens';
export type { IStreamEnd, Query } from './core/tokens';
export { addPanel } from './ui/sidebar/plugin';
export type {
  ILoaded,
  IPanelCommand,
  IPanelHandle,
  IPanelPlugin
} from './ui/sidebar/plugin';
export type { IQuestion } from './ui/outline/listing';
export type { IHeading, IRowAction, IRowLook } from './ui/outline/look';
export type { INode, IOutlineRow, IRules } from './ui/outline/node';
export type { ISortKey } from './ui/outline/order';
export type { IStateView } from './ui/outline/cells';
export type { Intent, IPanelModelOptions } from './ui/sidebar/base';
export type { Fact } from './ui/sidebar/facts';
export type { INothing, IPanelLook } from './ui/sidebar/look';
export type { IPanelModel, IPlace } from './ui/sidebar/tokens';

/** Everything that panels are made of. */
export type Kit = typeof kitModule;

/** Load what panels are made of. */
export function kit(): Promise<Kit> {
  return import('./ui/kit');
}

/** Widgets for the main area. */
export type MainKit = typeof mainModule;

/** Load the widgets for the main area. */
export function mainKit(): Promise<MainKit> {
  return import('./ui/main');
}
