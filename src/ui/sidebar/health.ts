import type { IIdentity } from '../../datalake/api';
import { AgentError } from '../../core/errors';
import type { IAgent } from '../../core/tokens';
import type { IHealth } from '../../datalake/tokens';

/** Answers slower than this make everything feel slow: say so. */
const SLOW_MS = 2000;

export const CHECKING: IHealth = {
  state: 'checking',
  whoami: null,
  error: null
};

/** Ask an instance who we are there. */
export function askWhoami(
  agent: IAgent,
  instance: string | undefined
): Promise<IIdentity> {
  return agent.request<IIdentity>('GET', 'datalake/whoami', {
    query: { instance }
  });
}

/** Ask an instance who we are there, and so whether it works. */
export async function checkHealth(
  agent: IAgent,
  instance: string | undefined
): Promise<IHealth> {
  try {
    const whoami = await askWhoami(agent, instance);
    const isSlow = whoami.latency_ms > SLOW_MS;
    return { state: isSlow ? 'slow' : 'connected', whoami, error: null };
  } catch (error) {
    if (error instanceof AgentError) {
      return { state: 'failed', whoami: null, error };
    }
    throw error;
  }
}
