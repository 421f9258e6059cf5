import { agentPlugin, jobsPlugin } from './core/plugin';
import { datalakePlugin } from './datalake/plugin';
import { transfersPlugin, transfersStatusPlugin } from './transfers/plugin';

export default [
  agentPlugin,
  jobsPlugin,
  datalakePlugin,
  transfersPlugin,
  transfersStatusPlugin
];
