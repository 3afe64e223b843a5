package com.example.api;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class ApiController {

  /** Any good token: what it says. */
  @GetMapping("/me")
  Map<String, Object> me(@AuthenticationPrincipal Jwt jwt) {
    Map<String, Object> caller = new LinkedHashMap<>();
    // The account, or the client itself where a machine calls.
    caller.put("sub", jwt.getSubject());
    caller.put("client", jwt.getClaimAsString("client_id"));
    caller.put("roles", jwt.getClaimAsStringList("roles"));
    // How the person signed in, and the corp that they came from.
    caller.put("connection", jwt.getClaimAsString("connection"));
    caller.put("tenant", jwt.getClaimAsString("tenant"));
    return caller;
  }

  @GetMapping("/orders")
  Map<String, List<String>> orders() {
    return Map.of("orders", List.of());
  }

  @GetMapping("/reports")
  Map<String, List<String>> reports() {
    return Map.of("reports", List.of());
  }
}
