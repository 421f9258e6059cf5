/** What panels are made of, for other extensions: see `src/index.ts`. */
export { Activity } from '../activity/view';
export { reportError } from './dialog';
export { oneLine } from './elide';
export { Empty } from './empty';
export { ErrorBox } from './errorbox';
export {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate
} from './format';
export { Live } from './live';
export { Name } from './name';
export { Figure, State } from './outline/cells';
export { StateShape } from './outline/shape';
export { Progress } from './progress';
export { DetailsSection } from './sidebar/detailssection';
export { FactList } from './sidebar/facts';
export { startWhereLeft } from './sidebar/memory';
export { PanelModel } from './sidebar/model';
export { makeMenu, Panel } from './sidebar/panel';
export { useElapsed, useSignals } from './signals';
export { Waiting } from './waiting';
