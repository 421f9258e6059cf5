import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `escape-vre demo --json` prints when it is ready. */
export interface IDemo {
  url: string;
  token: string;
  contents_root: string;
  home: string;
}

/** The lake is installed at its first start, which takes a while. */
export const START_MS = 600_000;

/** An extension for the tests alone, which `npm run build:stories` builds. */
const STORIES = join(__dirname, 'stories', 'labextensions');

let running: IDemo | null = null;

/** The demo of this worker. */
export function demo(): IDemo {
  if (!running) {
    throw new Error('No demo runs in this process.');
  }
  return running;
}

/** Start the product with a home of its own; returns how to end it. */
export async function start(): Promise<() => Promise<void>> {
  const command = process.env.ESCAPE_VRE_DEMO_COMMAND;
  if (!command) {
    throw new Error(
      'Set ESCAPE_VRE_DEMO_COMMAND, for example to "escape-vre demo --no-browser --json"; make ui does.'
    );
  }
  const home = mkdtempSync(join(tmpdir(), 'escape-vre-ui-'));
  // Specs act through Lab's commands, which Lab hides unless it is told not to.
  mkdirSync(join(home, 'config'));
  writeFileSync(
    join(home, 'config', 'jupyter_lab_config.py'),
    [
      'c.LabApp.expose_app_in_browser = True',
      `c.LabApp.extra_labextensions_path = [${JSON.stringify(STORIES)}]`,
      ''
    ].join('\n')
  );
  const [program, ...args] = command.split(' ').filter(Boolean);
  const child = spawn(program, [...args, '--port', '0', '--home', home], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  const stop = async () => {
    await end(child);
    // A kernel that ends may still write.
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    running = JSON.parse(await firstLine(child)) as IDemo;
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(
      () => reject(new Error('The demo does not start.')),
      START_MS
    );
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const line = text.split('\n').find(one => one.startsWith('{'));
      if (line !== undefined && text.includes('\n')) {
        clearTimeout(timer);
        resolve(line);
      }
    });
    child.on('error', reject);
    child.on('exit', code =>
      reject(new Error(`The demo ended with code ${code}.`))
    );
  });
}

function end(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null) {
      resolve();
      return;
    }
    child.on('exit', () => resolve());
    // Not SIGINT, which a shell's background job is born ignoring.
    child.kill('SIGTERM');
  });
}
