// An API that takes Lingpai's access tokens, with golang-jwt and keyfunc.
//
//	GET /me       any good token: what it says
//	GET /orders   asks for the scope orders:read
//	GET /reports  asks for the role staff
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"
)

var bearer = regexp.MustCompile(`^(?i:Bearer) +([\w.~+/-]+=*)$`)

func main() {
	issuer := required("ISSUER")
	cooldown, err := time.ParseDuration(setting("KEYS_COOLDOWN_SECONDS", "30") + "s")
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := NewVerifier(context.Background(), Settings{
		Issuer:       issuer,
		JWKSURI:      setting("JWKS_URI", issuer+"/.well-known/jwks.json"),
		Audience:     required("AUDIENCE"),
		Algorithms:   strings.Split(setting("ALGORITHMS", "RS256"), ","),
		KeysCooldown: cooldown,
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/me", protect(verifier, "", "", func(caller Caller) any { return caller }))
	mux.Handle("/orders", protect(verifier, "orders:read", "", func(Caller) any {
		return map[string]any{"orders": []string{}}
	}))
	mux.Handle("/reports", protect(verifier, "", "staff", func(Caller) any {
		return map[string]any{"reports": []string{}}
	}))
	server := http.Server{
		Addr:              setting("HOST", "127.0.0.1") + ":" + setting("PORT", "4000"),
		Handler:           mux,
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

// protect answers as RFC 6750, section 3, says. An empty scope or role is not asked for.
func protect(verifier *Verifier, scope, role string, answer func(Caller) any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// All of them: Header.Get would take the first in silence.
		given := r.Header.Values("Authorization")
		if len(given) == 0 {
			refuse(w, http.StatusUnauthorized, "", "")
			return
		}
		match := bearer.FindStringSubmatch(strings.Join(given, ","))
		if match == nil {
			refuse(w, http.StatusUnauthorized, "invalid_token", "")
			return
		}
		caller, err := verifier.Verify(r.Context(), match[1])
		switch {
		case errors.Is(err, errKeysUnavailable):
			w.Header().Set("Retry-After", fmt.Sprintf("%.0f", math.Ceil(verifier.keysCooldown.Seconds())))
			reply(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		case err != nil:
			log.Printf("a token was refused: %q", err)
			refuse(w, http.StatusUnauthorized, "invalid_token", "")
		case scope != "" && !contains(caller.Scopes, scope):
			refuse(w, http.StatusForbidden, "insufficient_scope", fmt.Sprintf(", scope=%q", scope))
		case role != "" && !contains(caller.Roles, role):
			refuse(w, http.StatusForbidden, "insufficient_scope", "")
		default:
			reply(w, http.StatusOK, answer(caller))
		}
	})
}

// refuse names no error where there was no token.
func refuse(w http.ResponseWriter, status int, code, more string) {
	challenge := "Bearer"
	if code != "" {
		challenge += fmt.Sprintf(" error=%q", code) + more
	} else {
		code = "unauthorized"
	}
	w.Header().Set("WWW-Authenticate", challenge)
	reply(w, status, map[string]string{"error": code})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		log.Print(err)
	}
}

func contains(list []string, wanted string) bool {
	for _, each := range list {
		if each == wanted {
			return true
		}
	}
	return false
}

func required(name string) string {
	value := os.Getenv(name)
	if value == "" {
		log.Fatalf("%s is not set", name)
	}
	return value
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
