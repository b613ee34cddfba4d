{
  lib,
  stdenv,
  buildNpmPackage,
  importNpmLock,
  nodejs_24,
}:
let
  package = lib.importJSON ../package.json;
  lock = lib.importJSON ../package-lock.json;

  # A lock file without addresses is valid for npm, which asks its registry; a sandbox can't ask.
  addressed = lib.all (entry: entry ? resolved || entry.inBundle or false) (
    lib.attrValues (removeAttrs lock.packages [ "" ])
  );
in
buildNpmPackage {
  pname = package.name;
  inherit (package) version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../package.json
      ../package-lock.json
      ../tsconfig.json
      ../activities
      ../workers
      ../workflows
      # The demo can run on the tests' real containers, and those need a checkout.
      (lib.fileset.difference ../scripts ../scripts/demo.ts)
      ../simulators
      ../data
    ];
  };

  nodejs = nodejs_24;
  npmDeps =
    if addressed then
      importNpmLock { npmRoot = ../.; }
    else
      throw "package-lock.json has no download addresses, which a Nix build needs: run `just lock` and commit what it changes.";
  inherit (importNpmLock) npmConfigHook;
  # Native parts of the Temporal SDK come prebuilt in its packages; nothing has to be compiled or downloaded.
  npmFlags = [ "--ignore-scripts" ];

  # A private package has no bin for its main program, so that `npm exec` can't start a worker by accident.
  postInstall = ''
    makeWrapper ${lib.getExe nodejs_24} $out/bin/runner-controller \
      --add-flags "--enable-source-maps $out/lib/node_modules/${package.name}/dist/workers/main.js"

    # The SDK brings its native part for every platform, 25 MB each; a host needs its own.
    find $out/lib/node_modules/${package.name}/node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name ${stdenv.hostPlatform.parsed.cpu.name}-unknown-linux-gnu -exec rm -r {} +
  '';

  doInstallCheck = true;
  # 78 is the worker's answer to an empty environment: it loads, and reports what is missing.
  installCheckPhase = ''
    runHook preInstallCheck
    env -i $out/bin/runner-controller || [ $? -eq 78 ]
    for command in $out/bin/{runner-*,cleanup-*}; do
      [ "$command" = "$out/bin/runner-controller" ] || "$command" --help >/dev/null
    done
    runHook postInstallCheck
  '';

  meta = {
    inherit (package) description;
    license = lib.licenses.mit;
    mainProgram = "runner-controller";
    platforms = [
      "x86_64-linux"
      "aarch64-linux"
    ];
  };
}
