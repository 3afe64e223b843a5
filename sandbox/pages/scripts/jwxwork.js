/* jwxwork in miniature: what it adds to `wx`. */
(function () {
  const client = window.sandboxWecom;
  const wx = (window.wx = window.wx || {});

  wx.agentConfig = function (configured) {
    client.call(client.verify('agentConfig', configured), configured);
  };
})();
