import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import {
  AgentError,
  cutOff,
  errorIn,
  foreignAnswer,
  isAbort,
  unreachable
} from './errors';
import type { ITrans } from './errors';
import { readLines } from './ndjson';
import type { IAgent, IRequestOptions, IStreamEnd, Query } from './tokens';

/** The path below the Jupyter base URL that the server extension answers. */
const ROUTE = 'escape-vre';

export class Agent implements IAgent {
  constructor(settings: ServerConnection.ISettings, trans: ITrans) {
    this._settings = settings;
    this._trans = trans;
  }

  async request<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: IRequestOptions = {}
  ): Promise<T> {
    const response = await this._send(method, path, options);
    const text = await response.text().catch(error => {
      throw isAbort(error) ? error : unreachable(this._trans, error);
    });
    const value = parse(text);
    if (!response.ok || value === undefined) {
      throw errorIn(value, response.status) ?? this._foreign(response);
    }
    return value as T;
  }

  async stream<T>(
    path: string,
    options: {
      query?: Query;
      signal: AbortSignal;
      onRows: (rows: T[]) => void;
    }
  ): Promise<IStreamEnd> {
    const response = await this._send('GET', path, options);
    if (!response.ok || !response.body) {
      const value = parse(await response.text().catch(() => ''));
      throw errorIn(value, response.status) ?? this._foreign(response);
    }
    try {
      for await (const lines of readLines(response.body)) {
        const rows: T[] = [];
        let end: IStreamEnd | null = null;
        let failure: AgentError | null = null;
        for (const line of lines) {
          failure ??= errorIn(line);
          end ??= (line as { end?: IStreamEnd }).end ?? null;
          if (failure || end) {
            break;
          }
          rows.push(line as T);
        }
        if (rows.length > 0 && !options.signal.aborted) {
          options.onRows(rows);
        }
        if (failure) {
          throw failure;
        }
        if (end) {
          return end;
        }
      }
    } catch (error) {
      if (error instanceof AgentError || isAbort(error)) {
        throw error;
      }
      throw cutOff(this._trans);
    }
    throw cutOff(this._trans);
  }

  private _foreign(response: Response): AgentError {
    const { baseUrl, appUrl } = this._settings;
    const page = URLExt.join(baseUrl, appUrl);
    return foreignAnswer(response, this._trans, page);
  }

  private async _send(
    method: string,
    path: string,
    options: IRequestOptions
  ): Promise<Response> {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) {
        query.set(name, String(value));
      }
    }
    const search = query.toString();
    const url =
      URLExt.join(this._settings.baseUrl, ROUTE, path) +
      (search ? `?${search}` : '');
    // `reload` keeps the cache out as `no-store` would, which is the one mode in
    // which Lab adds a parameter of its own to the query.
    const init: RequestInit = {
      method,
      signal: options.signal,
      cache: 'reload'
    };
    const headers: Record<string, string> = {};
    if (options.body !== undefined) {
      init.body = JSON.stringify(options.body);
      headers['Content-Type'] = 'application/json';
    }
    if (options.repeatable) {
      headers['Idempotency-Key'] = UUID.uuid4();
    }
    init.headers = headers;
    try {
      return await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      // Lab wraps the browser's TypeError, and an abort with it.
      if (options.signal?.aborted) {
        throw new DOMException('Aborted', 'AbortError');
      }
      throw unreachable(this._trans, error);
    }
  }

  private readonly _settings: ServerConnection.ISettings;
  private readonly _trans: ITrans;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
