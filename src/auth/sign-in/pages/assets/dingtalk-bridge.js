/*
 * Runs inside DingTalk's own browser, on the page that signs a person in silently: asks DingTalk's JSAPI for a code and
 * takes it to our callback. Whatever goes wrong, the link to the web way appears. Written for old web views: no modules,
 * nothing newer than ES5. API: https://open.dingtalk.com/document/development/jsapi-request-auth-code
 */
(function () {
  'use strict';

  var GIVE_UP_MS = 6000;
  var LOOK_AGAIN_MS = 50;

  var page = document.getElementById('dingtalk-bridge');
  var clientId = page.getAttribute('data-client-id');
  var corpId = page.getAttribute('data-corp-id');
  var callbackUrl = page.getAttribute('data-callback-url');
  var finished = false;
  var gaveUp = false;

  window.setTimeout(showFallback, GIVE_UP_MS);
  whenLoaded();

  /* The library loads beside this script, and some containers bring their own: wait for whichever comes. */
  function whenLoaded() {
    var ways = waysToAsk(window.dd);
    if (ways.length > 0) ask(ways);
    else if (!gaveUp) window.setTimeout(whenLoaded, LOOK_AGAIN_MS);
  }

  /* Today's call first; clients before 7.0.45 know only the older one, and the library offers both to all. */
  function waysToAsk(dd) {
    var ways = [];
    if (dd && typeof dd.requestAuthCode === 'function') {
      ways.push(function (onSuccess, onFail) {
        return dd.requestAuthCode({
          clientId: clientId,
          corpId: corpId,
          onSuccess: onSuccess,
          onFail: onFail,
        });
      });
    }
    var permission = dd && dd.runtime && dd.runtime.permission;
    if (permission && typeof permission.requestAuthCode === 'function') {
      ways.push(function (onSuccess, onFail) {
        return permission.requestAuthCode({
          corpId: corpId,
          onSuccess: onSuccess,
          onFail: onFail,
        });
      });
    }
    return ways;
  }

  /* Tries the ways one after another. A failure is reported by callback, by promise, by both, or thrown. */
  function ask(ways) {
    var failed = false;
    function onFail() {
      if (failed || finished) return;
      failed = true;
      if (ways.length > 1) ask(ways.slice(1));
      else showFallback();
    }
    function onSuccess(result) {
      var code = result && (result.code || result.authCode);
      if (code) goOn(code);
      else onFail();
    }
    try {
      var promise = ways[0](onSuccess, onFail);
      if (promise && typeof promise.then === 'function') promise.then(undefined, onFail);
    } catch (error) {
      onFail(error);
    }
  }

  /* A late code is still good: the person may be looking at the fallback, and is signed in all the same. */
  function goOn(code) {
    if (finished) return;
    finished = true;
    var separator = callbackUrl.indexOf('?') < 0 ? '?' : '&';
    location.replace(callbackUrl + separator + 'code=' + encodeURIComponent(code));
  }

  function showFallback() {
    if (finished || gaveUp) return;
    gaveUp = true;
    document.getElementById('waiting').hidden = true;
    document.getElementById('fallback').hidden = false;
  }
})();
