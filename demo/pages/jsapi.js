/*
 * What a page does with signatures: asks its own server for one of its address, and hands it to the platform's library.
 * A real page runs in one platform's client and loads one library; here the sandbox plays them all.
 */
(function () {
  const { wx, ww, dd } = window;
  const { corpId, agentId } = document.getElementById('jsapi').dataset;
  const again = document.getElementById('again');
  let step = 0;

  again.addEventListener('click', () => {
    step += 1;
    window.history.pushState({}, '', '?step=' + step);
    configureWecom();
    registerWecom();
  });
  configureWecom();
  registerWecom();
  configureDingtalk();

  /* The company's signature, then the app's. After a change of the address both are signed again. */
  async function configureWecom() {
    show('wx.agentConfig', '…');
    await outcomeOf('wx.config', async (resolve, reject) => {
      const jsApiList = ['checkJsApi', 'scanQRCode'];
      wx.config({ ...(await signatureFor('wx.config')), jsApiList });
      wx.error(reject);
      wx.ready(resolve);
    });
    await outcomeOf('wx.agentConfig', async (success, fail) => {
      const jsApiList = ['selectExternalContact'];
      wx.agentConfig({ ...(await signatureFor('wx.agentConfig')), jsApiList, success, fail });
    });
  }

  /* The library signs by itself, and again when the address has changed and it is asked. */
  function registerWecom() {
    return outcomeOf('ww.register', (resolve, reject) => {
      ww.register({
        corpId,
        agentId,
        jsApiList: ['selectExternalContact'],
        getConfigSignature: (url) => signatureFor('wx.config', url),
        getAgentConfigSignature: (url) => signatureFor('wx.agentConfig', url),
      });
      const both = [ww.ensureCorpConfigReady(), ww.ensureAgentConfigReady()];
      Promise.all(both).then(resolve, reject);
    });
  }

  /* Once: DingTalk counts the address that the page was loaded from. */
  function configureDingtalk() {
    return outcomeOf('dd.config', async (resolve, reject) => {
      dd.config({ ...(await signatureFor('dd.config')), jsApiList: ['runtime.info'] });
      dd.error(reject);
      dd.ready(resolve);
    });
  }

  async function signatureFor(name, url = location.href.split('#')[0]) {
    const query = new window.URLSearchParams({ for: name, url });
    const answer = await window.fetch('/jsapi/signature?' + query);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    return body;
  }

  async function outcomeOf(name, start) {
    show(name, '…');
    try {
      await new Promise((resolve, reject) => {
        Promise.resolve(start(resolve, reject)).catch(reject);
      });
      show(name, 'ok');
    } catch (error) {
      show(name, error.errCode || error.errorCode || error.errMsg || error.message);
    }
  }

  function show(name, outcome) {
    document.querySelector('[data-outcome="' + name + '"]').textContent = outcome;
  }
})();
