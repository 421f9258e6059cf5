/**
 * The panel of the shelf: a labextension as a bundler writes it, by hand because it is so small.
 *
 * JupyterLab gives what it shares to `init`; `escape-vre` is among it, so that its tokens are the
 * same objects here.
 */
(() => {
  let scope;

  async function shared(name) {
    const [version] = Object.values(scope[name]);
    return (await version.get())();
  }

  function element(kind, properties, ...children) {
    const made = Object.assign(document.createElement(kind), properties);
    made.append(...children);
    return made;
  }

  /** What the panel shows; `agent` is escape-vre's way to the agent. */
  function content(agent) {
    const text = element('input', { type: 'search', ariaLabel: 'Search the shelf' });
    const list = element('ul', {});
    const status = element('p', { role: 'status' });
    const bind = element('button', { type: 'button' }, 'Bind all');

    async function follow(request) {
      try {
        let job = await request;
        while (!['done', 'failed', 'cancelled'].includes(job.state)) {
          status.textContent = `${job.title} is ${job.state_word}`;
          job = await agent.request('GET', `/jobs/${job.id}`, { query: { wait_s: 1 } });
        }
        status.textContent = job.error?.message ?? `${job.title} is ${job.state_word}`;
      } catch (error) {
        status.textContent = `${error.message} ${error.hint ?? ''}`;
      }
    }

    async function search() {
      list.replaceChildren();
      const onRows = rows =>
        list.append(
          ...rows.map(row => {
            const get = element('button', { type: 'button', ariaLabel: `Get ${row.title}` }, 'Get');
            get.onclick = () =>
              follow(agent.request('POST', '/shelf/get', { body: { refs: [row.ref] } }));
            return element('li', {}, row.title, ' ', get);
          })
        );
      const { signal } = new AbortController();
      try {
        await agent.stream('/shelf/search', { query: { text: text.value }, signal, onRows });
      } catch (error) {
        status.textContent = `${error.message} ${error.hint ?? ''}`;
      }
    }

    text.onchange = search;
    bind.onclick = () =>
      follow(agent.request('POST', '/shelf/bind', { body: { name: 'everything' } }));
    return element('div', { className: 'jp-Shelf' }, text, list, bind, status);
  }

  async function extension() {
    const { IAgent } = await shared('escape-vre');
    const { Widget } = await shared('@lumino/widgets');
    return {
      id: 'escape-vre-shelf:panel',
      autoStart: true,
      requires: [IAgent],
      activate: (app, agent) => {
        const panel = new Widget({ node: content(agent) });
        panel.id = 'escape-vre-shelf';
        panel.title.caption = 'Shelf';
        panel.title.label = 'Shelf';
        app.shell.add(panel, 'left', { rank: 300 });
      }
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB['escape-vre-shelf'] = {
    init: given => {
      scope = given;
    },
    get: async () => {
      const plugin = await extension();
      return () => ({ __esModule: true, default: plugin });
    }
  };
})();
