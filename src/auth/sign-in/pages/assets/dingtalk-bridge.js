/**
 * In DingTalk's own browser: asks the client for a code and takes it to our callback.
 * Old webviews run this too, so it keeps to plain JavaScript.
 */
(function () {
  'use strict';
  var bridge = document.getElementById('bridge');
  var clientId = bridge.getAttribute('data-client-id');
  var corpId = bridge.getAttribute('data-corp-id');
  var callbackUrl = bridge.getAttribute('data-callback-url');
  var limitMs = 6000;
  var pollMs = 50;
  var done = false;

  function fail() {
    if (done) return;
    done = true;
    document.getElementById('waiting').hidden = true;
    document.getElementById('failed').hidden = false;
    document.getElementById('fallback').hidden = false;
  }

  // The answer is an object, whose field has two names.
  function succeed(result) {
    var code = result && (result.code || result.authCode);
    if (!code) return fail();
    if (done) return;
    done = true;
    location.replace(callbackUrl + '&code=' + encodeURIComponent(code));
  }

  function ask(dd) {
    var question = { clientId: clientId, corpId: corpId, onSuccess: succeed, onFail: fail };
    question.success = succeed;
    question.fail = fail;
    var older = dd.runtime && dd.runtime.permission && dd.runtime.permission.requestAuthCode;
    try {
      if (typeof dd.requestAuthCode === 'function') dd.requestAuthCode(question);
      else if (typeof older === 'function') older.call(dd.runtime.permission, question);
      else fail();
    } catch (error) {
      fail(error);
    }
  }

  // The client's library arrives when it arrives.
  function wait(leftMs) {
    var dd = window.dd;
    if (dd && typeof dd.ready === 'function')
      dd.ready(function () {
        ask(dd);
      });
    else if (dd) ask(dd);
    else if (leftMs <= 0) fail();
    else
      window.setTimeout(function () {
        wait(leftMs - pollMs);
      }, pollMs);
  }

  window.setTimeout(fail, limitMs);
  wait(limitMs);
})();
