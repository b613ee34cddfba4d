# The worker's environment variables. No secret is among them: only paths of secrets.
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.runner-controller;
  inherit (cfg) github temporal container;
  gib = 1024 * 1024 * 1024;
  optional = name: value: lib.optionalAttrs (value != null) { ${name} = toString value; };
in
{
  options.services.runner-controller = {
    environment = mkOption {
      type = types.attrsOf types.str;
      description = ''
        Environment of the worker and of the operators' commands, made from the other options. Paths of secrets are the
        files' own; the worker gets those as credentials.
      '';
    };

    secretFiles = mkOption {
      type = types.attrsOf types.path;
      internal = true;
      readOnly = true;
      description = "The variables of `environment` that name a secret's file.";
    };
  };

  config.services.runner-controller = lib.mkIf cfg.enable {
    secretFiles =
      lib.optionalAttrs (github.tokenFile != null) { GITHUB_TOKEN_FILE = cfg.tokenInUse; }
      // lib.optionalAttrs (github.app.privateKeyFile != null) {
        GITHUB_APP_PRIVATE_KEY_FILE = github.app.privateKeyFile;
      }
      // lib.optionalAttrs (temporal.tls.keyFile != null) {
        TEMPORAL_TLS_CLIENT_KEY_PATH = temporal.tls.keyFile;
      };

    environment = {
      RUNNER_HOST = cfg.host;
      RUNNER_LABELS = lib.concatStringsSep "," (cfg.labels ++ cfg.extraLabels);
      MAX_CONCURRENT = toString cfg.maxConcurrentJobs;
      STANDBY_CONTAINERS = toString cfg.standbyContainers;
      POLL_INTERVAL = toString cfg.pollInterval;
      JOB_TIMEOUT = toString cfg.jobTimeout;
      RUNNER_STARTUP_TIMEOUT = toString cfg.runnerStartupTimeout;
      HTTP_ADDRESS = cfg.httpAddress;
      HTTP_PORT = toString cfg.httpPort;
      MIN_FREE_DISK = toString (cfg.minFreeDisk * gib);
      LOG_LEVEL = cfg.logLevel;
      LOG_MAX_AGE = toString cfg.logs.maxAge;
      LOG_MAX_SIZE = toString cfg.logs.maxSize;

      STATE_DIR = "/var/lib/runner-controller";
      LOG_DIR = "/var/log/runner-controller";
      RUNTIME_DIR = container.runtimeDirectory;
      CONTAINER_SYSTEM = "${container.system}";
      CONTAINER_CONF_DIR = container.configurationDirectory;
      CONTAINER_ROOT_DIR = container.stateDirectory;
      NIXOS_CONTAINER = "/run/current-system/sw/bin/nixos-container";
      PRIVATE_USERS = if container.userNamespaces then "pick" else "no";
      OUT_SIZE = toString (container.outSize * 1024);
      EXTRA_NSPAWN_FLAGS = lib.concatStringsSep " " container.nspawnFlags;
      RUNNER_UID = toString container.runnerUid;

      GITHUB_API_URL = github.apiUrl;
      GITHUB_SERVER_URL = github.serverUrl;
      TEMPORAL_ADDRESS = temporal.address;
      TEMPORAL_NAMESPACE = temporal.namespace;
    }
    // optional "WARM_RUNNERS" cfg.warmRunners
    // optional "GITHUB_REPO" github.repository
    // optional "GITHUB_ORG" github.organisation
    // lib.optionalAttrs (github.organisation != null) {
      GITHUB_RUNNER_GROUP_ID = toString github.runnerGroupId;
    }
    // optional "GITHUB_APP_ID" github.app.id
    // optional "GITHUB_APP_INSTALLATION_ID" github.app.installationId
    // lib.optionalAttrs temporal.tls.enable { TEMPORAL_TLS = "true"; }
    // optional "TEMPORAL_TLS_SERVER_NAME" temporal.tls.serverName
    // optional "TEMPORAL_TLS_SERVER_CA_CERT_PATH" temporal.tls.caFile
    // optional "TEMPORAL_TLS_CLIENT_CERT_PATH" temporal.tls.certificateFile
    // lib.mapAttrs (_: toString) cfg.secretFiles;
  };
}
