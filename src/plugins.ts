import { agentPlugin, jobsPlugin } from './core/plugin';
import { datalakePlugin } from './datalake/plugin';
import { activityPlugin, activityStatusPlugin } from './activity/plugin';

export default [
  agentPlugin,
  jobsPlugin,
  datalakePlugin,
  activityPlugin,
  activityStatusPlugin
];
