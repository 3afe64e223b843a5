/*
 * @wecom/jssdk in miniature: signs and configures when a page registers, and again after its address has changed. As
 * the real one (2.4.4), it leaves the company's config out where a client takes the app's alone.
 */
(function () {
  const client = window.sandboxWecom;
  let registered = {};
  const tasks = new Map();

  window.ww = {
    SDK_VERSION: '2.4.4',
    register(options) {
      registered = options;
      tasks.clear();
      ensureConfigReady().catch(() => undefined);
    },
    ensureConfigReady,
    ensureCorpConfigReady,
    ensureAgentConfigReady,
  };

  function ensureConfigReady() {
    return registered.getAgentConfigSignature ? ensureAgentConfigReady() : ensureCorpConfigReady();
  }

  function ensureCorpConfigReady() {
    return once('config', 'Config', (signature) => ({
      ...signature,
      appId: registered.corpId,
      jsApiList: registered.jsApiList || ['config'],
    }));
  }

  function ensureAgentConfigReady() {
    return once('agentConfig', 'AgentConfig', (signature) => ({
      ...signature,
      corpid: registered.corpId,
      agentid: registered.agentId,
      jsApiList: registered.jsApiList || ['agentConfig'],
    }));
  }

  /** One task for each address; one that failed is tried again when it is asked for again. */
  function once(name, suffix, configuredWith) {
    const url = client.addressOf();
    const task = tasks.get(name);
    if (task && task.url === url) return task.promise;
    const promise = configure(name, suffix, url, configuredWith);
    tasks.set(name, { url, promise });
    promise.catch(() => tasks.delete(name));
    client.call(promise, {
      success: registered['on' + suffix + 'Success'],
      fail: registered['on' + suffix + 'Fail'],
      complete: registered['on' + suffix + 'Complete'],
    });
    return promise;
  }

  async function configure(name, suffix, url, configuredWith) {
    const sign = registered['get' + suffix + 'Signature'];
    if (!sign) throw new Error('SDK Error: Missing get' + suffix + 'Signature');
    const isOld = client.version.localeCompare('3.0.24', 'en', { numeric: true }) < 0;
    if (name === 'agentConfig' && isOld) await ensureCorpConfigReady();
    const signature = await sign(url);
    if (client.addressOf() !== url) throw new Error('SDK Error: Aborted');
    return client.verify(name, configuredWith(signature));
  }
})();
