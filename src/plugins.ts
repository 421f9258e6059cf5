import { agentPlugin, jobsPlugin } from './core/plugin';
import { datalakePlugin } from './datalake/plugin';
import { transfersPlugin, transfersStatusPlugin } from './activity/plugin';

export default [
  agentPlugin,
  jobsPlugin,
  datalakePlugin,
  transfersPlugin,
  transfersStatusPlugin
];
