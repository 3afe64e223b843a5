/* jweixin in miniature: config, ready, error and checkJsApi of `wx`. */
(function () {
  const client = window.sandboxWecom;
  const wx = (window.wx = window.wx || {});
  const waiting = [];
  let onError;
  let outcome;

  wx.config = function (configured) {
    outcome = undefined;
    client.verify('config', configured).then(
      () => {
        outcome = { granted: configured.jsApiList };
        for (const callback of waiting.splice(0)) callback();
      },
      (error) => {
        outcome = { error };
        if (onError) onError(error);
      },
    );
  };

  wx.ready = function (callback) {
    if (outcome && !outcome.error) callback();
    else waiting.push(callback);
  };

  wx.error = function (callback) {
    if (outcome && outcome.error) callback(outcome.error);
    onError = callback;
  };

  wx.checkJsApi = function (question) {
    wx.ready(() => {
      const checkResult = {};
      for (const name of question.jsApiList) checkResult[name] = outcome.granted.includes(name);
      client.call(Promise.resolve({ checkResult, errMsg: 'checkJsApi:ok' }), question);
    });
  };
})();
