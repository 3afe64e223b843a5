/* jweixin in miniature: config, ready, error and checkJsApi of `wx`. */
(function () {
  const client = window.sandboxWecom;
  const wx = (window.wx = window.wx || {});
  const waiting = { ready: [], error: [] };
  let outcome;

  wx.config = function (configured) {
    outcome = undefined;
    client.verify('config', configured).then(
      () => tell('ready', { granted: configured.jsApiList }),
      (error) => tell('error', { error }),
    );
  };

  wx.ready = function (callback) {
    if (outcome && !outcome.error) callback();
    else waiting.ready.push(callback);
  };

  wx.error = function (callback) {
    if (outcome && outcome.error) callback(outcome.error);
    else waiting.error.push(callback);
  };

  wx.checkJsApi = function (question) {
    wx.ready(() => {
      const checkResult = {};
      for (const name of question.jsApiList) checkResult[name] = outcome.granted.includes(name);
      client.call(Promise.resolve({ checkResult, errMsg: 'checkJsApi:ok' }), question);
    });
  };

  function tell(kind, result) {
    outcome = result;
    const told = kind === 'error' ? waiting.error : waiting.ready.splice(0);
    for (const callback of told) callback(result.error);
  }
})();
