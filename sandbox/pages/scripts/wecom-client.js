/*
 * What WeCom's client is to a page: it knows the page's address, and whether it takes what the page configured. The
 * real one answers by itself; this one asks the sandbox that served the script.
 */
(function () {
  if (window.sandboxWecom) return;
  const base = new window.URL(
    '/open.work.weixin.qq.com/sandbox/jsapi/',
    document.currentScript.src,
  );
  let hasConfig = false;

  window.sandboxWecom = { version: 'CLIENT_VERSION', addressOf, verify, call };

  function addressOf() {
    return location.href.split('#')[0];
  }

  /** Resolves with the client's `ok`, rejects with its refusal: both as the libraries hand them on. */
  async function verify(name, configured) {
    const answer = await window
      .fetch(base + name, {
        method: 'POST',
        body: JSON.stringify({ configured, url: addressOf(), hasConfig }),
      })
      .then((response) => response.json())
      .catch(() => ({ errcode: -1, errmsg: 'system busy' }));
    if (answer.errcode) {
      throw { errCode: answer.errcode, errMsg: name + ':fail, ' + answer.errmsg };
    }
    if (name === 'config') hasConfig = true;
    return { errMsg: name + ':ok' };
  }

  /** Tells a promise's end to the callbacks of a call. */
  function call(promise, { success, fail, complete }) {
    promise.then(
      (result) => [success, complete].forEach((tell) => tell && tell(result)),
      (error) => [fail, complete].forEach((tell) => tell && tell(error)),
    );
  }
})();
