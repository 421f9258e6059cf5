import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Agent } from './agent';
import { Jobs } from './jobs';
import { IAgent, IJobs } from './tokens';

export const agentPlugin: JupyterFrontEndPlugin<IAgent> = {
  id: 'escape-vre:core',
  description: 'Speaks to the escape-vre agent through the Jupyter server.',
  autoStart: true,
  provides: IAgent,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): IAgent =>
    new Agent(
      app.serviceManager.serverSettings,
      (translator ?? nullTranslator).load('escape-vre')
    )
};

export const jobsPlugin: JupyterFrontEndPlugin<IJobs> = {
  id: 'escape-vre:jobs',
  description: 'Keeps the jobs of the escape-vre agent up to date.',
  autoStart: true,
  provides: IJobs,
  requires: [IAgent],
  activate: (app: JupyterFrontEnd, agent: IAgent): IJobs => {
    const jobs = new Jobs(agent, app.serviceManager.events.stream);
    // After the restore, so that it never delays the first paint.
    void app.restored.then(() => jobs.start());
    return jobs;
  }
};
