# syntax=docker/dockerfile:1

# The app and nothing else in the last stage: no sources, no npm packages beside those in .output, no secret in any layer.
# Everything is configured when the container starts, see .env.example.

FROM node:24-slim AS build
WORKDIR /app
# Before the sources, so that a change of theirs does not install everything anew.
COPY package.json package-lock.json .npmrc ./
COPY scripts/postinstall.mjs scripts/postinstall.mjs
RUN npm ci
COPY . .
ENV NUXT_TELEMETRY_DISABLED=1
RUN npm run postinstall && npm run build

FROM node:24-slim
ENV NODE_ENV=production \
    NITRO_HOST=0.0.0.0 \
    NITRO_PORT=3000 \
    DATA_DIR=/data
# The image's own user `node` (uid 1000). A new volume takes over the owner of the folder it is mounted on.
RUN install -d -o node -g node -m 0700 /data
COPY --from=build /app/.output /app/.output
WORKDIR /app
USER node
VOLUME /data
EXPOSE 3000
# The first start of an empty volume makes the database, which takes some seconds.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.NITRO_PORT + '/api/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the first process: it gets SIGTERM, and lets running jobs finish.
CMD ["node", "--max-semi-space-size=8", ".output/server/index.mjs"]
