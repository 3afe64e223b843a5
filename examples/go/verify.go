package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
)

const (
	clockTolerance = 5 * time.Second
	// The max-age of Lingpai's key set: a new key is published for so long before it signs.
	keysAge     = 5 * time.Minute
	keysTimeout = 5 * time.Second
)

// errKeysUnavailable says that the key set could not be fetched, and nothing about the token.
var errKeysUnavailable = errors.New("the key set is not to be had")

// Caller is who calls, as a verified access token says.
type Caller struct {
	// Sub is the account, or the client itself where a machine calls.
	Sub string `json:"sub"`
	// Client is the application that the token was given to.
	Client string   `json:"client"`
	Scopes []string `json:"scopes"`
	// Roles are those of the account.
	Roles []string `json:"roles"`
	// Connection is how the person signed in, and Tenant the corp that they came from.
	Connection string `json:"connection,omitempty"`
	Tenant     string `json:"tenant,omitempty"`
}

// Verifier takes access tokens of one issuer (RFC 9068) for one API.
type Verifier struct {
	keys         keyfunc.Keyfunc
	parser       *jwt.Parser
	keysCooldown time.Duration
	// Made-up kids make us ask the issuer once in so long, not for every request.
	unknownKids *rate.Limiter
	failedAt    atomic.Int64
}

// Settings say what is accepted: that is decided here, never by a token.
type Settings struct {
	Issuer  string
	JWKSURI string
	// Audience is this API's own name: the audience of the clients that call it.
	Audience     string
	Algorithms   []string
	KeysCooldown time.Duration
}

// NewVerifier fetches the keys, and keeps them fresh until ctx ends.
func NewVerifier(ctx context.Context, settings Settings) (*Verifier, error) {
	verifier := &Verifier{
		keysCooldown: settings.KeysCooldown,
		unknownKids:  rate.NewLimiter(rate.Every(settings.KeysCooldown), 1),
		parser: jwt.NewParser(
			jwt.WithValidMethods(settings.Algorithms),
			jwt.WithIssuer(settings.Issuer),
			jwt.WithAudience(settings.Audience),
			jwt.WithExpirationRequired(),
			jwt.WithLeeway(clockTolerance),
		),
	}
	keys, err := keyfunc.NewDefaultOverrideCtx(ctx, []string{settings.JWKSURI}, keyfunc.Override{
		Client:          &http.Client{Timeout: keysTimeout},
		HTTPTimeout:     keysTimeout,
		RefreshInterval: keysAge,
		// The library's own limit would make requests wait for their turn; ours refuses them.
		RefreshUnknownKID: rate.NewLimiter(rate.Inf, 1),
		RateLimitWaitMax:  keysTimeout,
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(_ context.Context, err error) {
				verifier.failedAt.Store(time.Now().UnixNano())
				log.Printf("the key set could not be fetched: %v", err)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	verifier.keys = keys
	return verifier, nil
}

// Verify returns errKeysUnavailable where nothing can be said, and any other error for a token that is not good.
func (v *Verifier) Verify(ctx context.Context, raw string) (Caller, error) {
	var said claims
	_, err := v.parser.ParseWithClaims(raw, &said, func(token *jwt.Token) (any, error) {
		// Apart from ID tokens, which the same keys sign. The library does not look at it.
		switch typ, _ := token.Header["typ"].(string); strings.ToLower(typ) {
		case "at+jwt", "application/at+jwt":
		default:
			return nil, errors.New("not an access token")
		}
		return v.keyFor(ctx, token)
	})
	if err != nil {
		return Caller{}, err
	}
	return Caller{
		Sub:        said.Subject,
		Client:     said.ClientID,
		Scopes:     strings.Fields(said.Scope),
		Roles:      append([]string{}, said.Roles...),
		Connection: said.Connection,
		Tenant:     said.Tenant,
	}, nil
}

func (v *Verifier) keyFor(ctx context.Context, token *jwt.Token) (any, error) {
	// Without a kid, the library would try every key.
	kid, _ := token.Header["kid"].(string)
	if kid == "" {
		return nil, errors.New("no kid")
	}
	if v.knows(ctx, kid) {
		return v.keys.KeyfuncCtx(ctx)(token)
	}
	if v.unknownKids.Allow() {
		if key, err := v.keys.KeyfuncCtx(ctx)(token); err == nil {
			return key, nil
		}
	}
	if time.Since(time.Unix(0, v.failedAt.Load())) < v.keysCooldown {
		return nil, errKeysUnavailable
	}
	return nil, errors.New("no such key")
}

func (v *Verifier) knows(ctx context.Context, kid string) bool {
	keys, err := v.keys.Storage().KeyReadAll(ctx)
	if err != nil {
		return false
	}
	for _, key := range keys {
		if key.Marshal().KID == kid {
			return true
		}
	}
	return false
}

type claims struct {
	jwt.RegisteredClaims
	ClientID   string   `json:"client_id"`
	Scope      string   `json:"scope"`
	Roles      []string `json:"roles"`
	Connection string   `json:"connection"`
	Tenant     string   `json:"tenant"`
}

// Validate is called by the parser after its own checks, which ask for exp, iss and aud.
func (c claims) Validate() error {
	if c.Subject == "" || c.ClientID == "" || c.IssuedAt == nil {
		return errors.New("a claim is missing")
	}
	return nil
}
