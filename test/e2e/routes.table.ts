/**
 * Every route of the service: method and path, who may call it, how often, and the kind of its answer (docs/headers.md). `cors`: an
 * application in a browser may read it. `alone`: never in a window that an application opened and waits for. A new route needs a line
 * here.
 */
export const routeTable = `
GET    /.well-known/jwks.json                                     public                unlimited      published cors
GET    /.well-known/oauth-authorization-server                    public                unlimited      published cors
GET    /.well-known/openid-configuration                          public                unlimited      published cors
GET    /WW_verify_:code.txt                                       public                unlimited      text
GET    /account                                                   public                sign-in        redirect alone
POST   /account/bindings/:slug                                    public                sign-in        redirect alone
POST   /account/identities/:id/unbind                             public                sign-in        redirect alone
POST   /account/sign-out-everywhere                               public                sign-in        redirect alone
GET    /account/signed-in                                         public                sign-in        redirect alone
GET    /api/v1/account-requests                                   accounts:read         api            json
GET    /api/v1/account-requests/:id                               accounts:read         api            json
POST   /api/v1/account-requests/:id/accept                        accounts:write        api            json
POST   /api/v1/account-requests/:id/reject                        accounts:write        api            json
GET    /api/v1/accounts                                           accounts:read         api            json
POST   /api/v1/accounts                                           accounts:write        api            json
GET    /api/v1/accounts/:accountId                                accounts:read         api            json
PATCH  /api/v1/accounts/:accountId                                accounts:write        api            json
DELETE /api/v1/accounts/:accountId                                accounts:write        api            json
GET    /api/v1/accounts/:accountId/identities                     accounts:read         api            json
POST   /api/v1/accounts/:accountId/identities                     accounts:write        api            json
DELETE /api/v1/accounts/:accountId/identities/:identityId         accounts:write        api            json
POST   /api/v1/accounts/:accountId/merge                          accounts:write        api            json
PUT    /api/v1/accounts/:accountId/password                       accounts:write        api            json
DELETE /api/v1/accounts/:accountId/password                       accounts:write        api            json
DELETE /api/v1/accounts/:accountId/sessions                       accounts:write        api            json
POST   /api/v1/accounts/import                                    accounts:write        api            json
GET    /api/v1/audit-events                                       audit:read            api            json
GET    /api/v1/clients                                            clients:read          api            json
POST   /api/v1/clients                                            clients:write         api            json
GET    /api/v1/clients/:clientId                                  clients:read          api            json
PATCH  /api/v1/clients/:clientId                                  clients:write         api            json
DELETE /api/v1/clients/:clientId                                  clients:write         api            json
POST   /api/v1/clients/:clientId/secret                           clients:write         api            json
GET    /api/v1/connections                                        connections:read      api            json
POST   /api/v1/connections                                        connections:write     api            json
GET    /api/v1/connections/:slug                                  connections:read      api            json
PATCH  /api/v1/connections/:slug                                  connections:write     api            json
DELETE /api/v1/connections/:slug                                  connections:write     api            json
GET    /api/v1/connections/:slug/access-token                     platform-tokens:read  api            json
POST   /api/v1/connections/:slug/access-token/invalidations       platform-tokens:read  api            json
POST   /api/v1/connections/:slug/check                            connections:write     api            json
POST   /api/v1/connections/:slug/install-links                    connections:write     api            json
POST   /api/v1/connections/:slug/jsapi-signatures                 jsapi:sign+person     api            json cors
GET    /api/v1/connections/:slug/tenants                          connections:read      api            json
GET    /api/v1/connections/:slug/tenants/:corpId                  connections:read      api            json
PATCH  /api/v1/connections/:slug/tenants/:corpId                  connections:write     api            json
DELETE /api/v1/connections/:slug/tenants/:corpId                  connections:write     api            json
POST   /api/v1/connections/:slug/tenants/:corpId/id-migration     connections:write     api            json
GET    /api/v1/connections/:slug/tokens                           connections:read      api            json
GET    /api/v1/me                                                 openid                api            json cors
POST   /api/v1/me/bindings                                        person                api            json
GET    /api/v1/me/identities                                      person                api            json
DELETE /api/v1/me/identities/:identityId                          person                api            json
GET    /api/v1/signing-keys                                       keys:write            api            json
DELETE /api/v1/signing-keys/:kid                                  keys:write            api            json
POST   /api/v1/signing-keys/rotate                                keys:write            api            json
GET    /api/v1/webhooks                                           webhooks:read         api            json
POST   /api/v1/webhooks                                           webhooks:write        api            json
GET    /api/v1/webhooks/:id                                       webhooks:read         api            json
PATCH  /api/v1/webhooks/:id                                       webhooks:write        api            json
DELETE /api/v1/webhooks/:id                                       webhooks:write        api            json
GET    /api/v1/webhooks/:id/deliveries                            webhooks:read         api            json
GET    /api/v1/webhooks/:id/deliveries/:deliveryId                webhooks:read         api            json
POST   /api/v1/webhooks/:id/deliveries/:deliveryId/retry          webhooks:write        api            json
POST   /api/v1/webhooks/:id/secret                                webhooks:write        api            json
POST   /api/v1/webhooks/:id/test                                  webhooks:write        api            json
GET    /assets/:name                                              public                unlimited      file
GET    /authorize                                                 public                sign-in        redirect
POST   /authorize                                                 public                sign-in        redirect
GET    /authorize/:uid                                            public                sign-in        page
GET    /bind/:ticket                                              public                sign-in        page
GET    /bind/:ticket/sign-in                                      public                sign-in        redirect
GET    /bind/again/:id                                            public                sign-in        page
POST   /bind/cancel/:id                                           public                sign-in        page
GET    /bind/confirm/:id                                          public                sign-in        page
POST   /bind/confirm/:id                                          public                sign-in        page
GET    /callback/:slug                                            public                sign-in        page
GET    /continue/:id                                              public                sign-in        page
POST   /continue/:id/:action                                      public                sign-in        page
GET    /continue/:id/with/:slug                                   public                sign-in        page
GET    /entry/:slug                                               public                sign-in        page
GET    /events/:slug                                              public                inside:refused json
POST   /events/:slug                                              public                inside:refused json
GET    /events/:slug/:channel                                     public                inside:refused json
POST   /events/:slug/:channel                                     public                inside:refused json
GET    /health/live                                               public                unlimited      json
GET    /health/ready                                              public                unlimited      json
GET    /install/:slug/callback                                    public                sign-in        page
HEAD   /install/:slug/callback                                    public                sign-in        empty
GET    /install/:ticket                                           public                sign-in        page
HEAD   /install/:ticket                                           public                sign-in        empty
POST   /introspect                                                client                token          json
GET    /login/:uid                                                public                sign-in        page
GET    /login/:uid/:slug                                          public                sign-in        page
GET    /logout                                                    public                sign-in        redirect
POST   /logout                                                    public                sign-in        redirect
POST   /logout/confirm                                            public                sign-in        page
GET    /logout/success                                            public                sign-in        page
GET    /metrics                                                   public                unlimited      text
POST   /revoke                                                    client                token          json
POST   /token                                                     client                token          json cors
GET    /userinfo                                                  public                inside:api     json cors
POST   /userinfo                                                  public                inside:api     json cors
`;
