# The files of nix/container as a package: systemd units in lib/systemd/system, the rest as it lies there.
{
  source,
  lib,
  stdenvNoCC,
  bash,
}:
stdenvNoCC.mkDerivation {
  name = "runner-container";
  src = lib.fileset.toSource {
    root = source;
    fileset = lib.fileset.unions [
      (source + "/hooks")
      (source + "/libexec")
      (source + "/units")
    ];
  };

  strictDeps = true;
  # patchShebangs looks for the interpreter here.
  buildInputs = [ bash ];
  dontConfigure = true;
  dontBuild = true;

  installPhase = ''
    runHook preInstall
    mkdir -p $out/lib/systemd/system
    cp -r hooks libexec $out
    for unit in units/*; do
      substitute "$unit" "$out/lib/systemd/system/$(basename "$unit")" --subst-var out
    done
    runHook postInstall
  '';
}
