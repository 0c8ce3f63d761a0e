FROM node:22-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
# A program that runs reads no declarations and no source maps.
RUN npm run --silent build:src && node scripts/clean-program.mjs && \
  find dist/src \( -name '*.map' -o -name '*.d.ts' \) -delete

FROM node:22-trixie-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The engine's package carries binaries for every platform; this image loads one of them.
RUN npm ci --omit=dev && find node_modules/uws-portable -name '*.node' \
  ! -name "$(node -p '`uws_linux_${process.arch}_${process.versions.modules}.node`')" -delete

FROM node:22-trixie-slim
WORKDIR /app
ENV NODE_ENV=production \
    SALLYPORT_HOST=0.0.0.0
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY package.json LICENSE ./
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SALLYPORT_PORT || 8080}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/src/main.js"]
