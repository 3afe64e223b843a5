package com.example.api;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.BearerTokenErrors;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationConverter;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.filter.OncePerRequestFilter;

/** Takes Lingpai's access tokens (RFC 9068). */
@Configuration
public class SecurityConfiguration {

  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(5);
  private static final int TIMEOUT_MS = 5000;

  @Bean
  SecurityFilterChain api(HttpSecurity http) throws Exception {
    return http
        .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .authorizeHttpRequests(
            requests ->
                requests
                    .requestMatchers("/orders").hasAuthority("SCOPE_orders:read")
                    .requestMatchers("/reports").hasRole("staff")
                    .anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.jwt(Customizer.withDefaults()))
        .addFilterBefore(new KeysUnavailableFilter(), BearerTokenAuthenticationFilter.class)
        .build();
  }

  /** The processor is put together by hand: the default one refuses at+jwt, and asks the issuer for every unknown kid. */
  @Bean
  JwtDecoder jwtDecoder(
      @Value("${lingpai.issuer}") String issuer,
      @Value("${lingpai.audience}") String audience,
      @Value("${lingpai.algorithms}") List<String> algorithms)
      throws MalformedURLException {
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(
                URI.create(issuer + "/.well-known/jwks.json").toURL(),
                new DefaultResourceRetriever(TIMEOUT_MS, TIMEOUT_MS))
            // Lingpai's max-age is five minutes: a new key is published for so long before it signs.
            .cache(Duration.ofMinutes(5).toMillis(), Duration.ofSeconds(15).toMillis())
            .rateLimited(Duration.ofSeconds(30).toMillis())
            .outageTolerant(Duration.ofMinutes(15).toMillis())
            .build();

    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    Set<JWSAlgorithm> accepted =
        algorithms.stream().map(JWSAlgorithm::parse).collect(Collectors.toSet());
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(accepted, keys));
    // Apart from ID tokens, which the same keys sign.
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            new JOSEObjectType("at+jwt"), new JOSEObjectType("application/at+jwt")));
    DefaultJWTClaimsVerifier<SecurityContext> claims =
        new DefaultJWTClaimsVerifier<>(
            audience,
            new JWTClaimsSet.Builder().issuer(issuer).build(),
            Set.of("exp", "iat", "sub", "client_id"));
    claims.setMaxClockSkew((int) CLOCK_TOLERANCE.toSeconds());
    processor.setJWTClaimsSetVerifier(claims);

    NimbusJwtDecoder decoder = new NimbusJwtDecoder(processor);
    // Nimbus has checked the rest; Spring's default, from version 7 on, would ask for another type.
    decoder.setJwtValidator(new JwtTimestampValidator(CLOCK_TOLERANCE));
    return decoder;
  }

  @Bean
  JwtAuthenticationConverter jwtAuthenticationConverter() {
    JwtAuthenticationConverter converter = new JwtAuthenticationConverter();
    converter.setJwtGrantedAuthoritiesConverter(SecurityConfiguration::authoritiesOf);
    return converter;
  }

  /** From the one Authorization header: getHeader would take the first of several in silence. */
  @Bean
  BearerTokenResolver bearerTokenResolver() {
    DefaultBearerTokenResolver resolver = new DefaultBearerTokenResolver();
    return request -> {
      if (Collections.list(request.getHeaders(HttpHeaders.AUTHORIZATION)).size() > 1)
        throw new OAuth2AuthenticationException(BearerTokenErrors.invalidRequest("several tokens"));
      return resolver.resolve(request);
    };
  }

  /** {@code scope} is what the application may do, {@code roles} who the person is. */
  private static Collection<GrantedAuthority> authoritiesOf(Jwt jwt) {
    String scope = jwt.getClaimAsString("scope");
    List<String> roles = jwt.getClaimAsStringList("roles");
    Stream<String> scopes = scope == null ? Stream.empty() : Stream.of(scope.split(" "));
    return Stream.concat(
            scopes.map(name -> "SCOPE_" + name),
            roles == null ? Stream.empty() : roles.stream().map(name -> "ROLE_" + name))
        .<GrantedAuthority>map(SimpleGrantedAuthority::new)
        .toList();
  }

  /** Where the key set is not to be had, or was asked for a moment ago in vain, nothing can be said of the token. */
  private static final class KeysUnavailableFilter extends OncePerRequestFilter {
    @Override
    protected void doFilterInternal(
        HttpServletRequest request, HttpServletResponse response, FilterChain chain)
        throws ServletException, IOException {
      try {
        chain.doFilter(request, response);
      } catch (AuthenticationServiceException unavailable) {
        logger.error("the key set is not to be had", unavailable);
        response.setHeader(HttpHeaders.RETRY_AFTER, "30");
        response.setStatus(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
      }
    }
  }
}
