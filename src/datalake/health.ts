import type { IWhoami } from '../core/api';
import { AgentError } from '../core/errors';
import type { IAgent } from '../core/tokens';
import type { IHealth } from './tokens';

/** Answers slower than this make everything feel slow: say so. */
const SLOW_MS = 2000;

export const CHECKING: IHealth = {
  state: 'checking',
  whoami: null,
  error: null
};

/** Ask an instance who we are there, and so whether it works. */
export async function checkHealth(
  agent: IAgent,
  instance: string | undefined
): Promise<IHealth> {
  try {
    const whoami = await agent.request<IWhoami>('GET', 'datalake/whoami', {
      query: { instance }
    });
    const isSlow = whoami.latency_ms > SLOW_MS;
    return { state: isSlow ? 'slow' : 'connected', whoami, error: null };
  } catch (error) {
    if (error instanceof AgentError) {
      return { state: 'failed', whoami: null, error };
    }
    throw error;
  }
}
