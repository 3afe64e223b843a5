/*
 * dingtalk.open.js in miniature: config, ready, error and checkJsApi of `dd`. The real client checks by itself; here
 * the sandbox that served the script is asked. Only the first config of a page counts, for the address it came with.
 */
(function () {
  const verification = new window.URL(
    '/g.alicdn.com/sandbox/jsapi-config',
    document.currentScript.src,
  ).href;
  const url = location.href.split('#')[0];
  const dd = (window.dd = window.dd || {});
  let hadConfig = false;
  let granted = [];
  let accept, refuse;
  const outcome = new Promise((resolve, reject) => {
    accept = resolve;
    refuse = reject;
  });
  outcome.catch(() => undefined);

  dd.config = function (configured) {
    if (hadConfig) return;
    hadConfig = true;
    window
      .fetch(verification, { method: 'POST', body: JSON.stringify({ configured, url }) })
      .then((response) => response.json())
      .catch(() => ({ errcode: -1, errmsg: '系统繁忙' }))
      .then(({ errcode, errmsg }) => {
        if (errcode) return refuse({ errorCode: errcode, errorMessage: errmsg });
        granted = configured.jsApiList;
        accept();
      });
  };

  dd.ready = function (callback) {
    if (!hadConfig) callback();
    else
      outcome.then(
        () => callback(),
        () => undefined,
      );
  };

  dd.error = function (callback) {
    outcome.catch(callback);
  };

  dd.checkJsApi = function ({ jsApiList }) {
    return Promise.resolve(
      Object.fromEntries(jsApiList.map((name) => [name, granted.includes(name)])),
    );
  };
})();
