import { Attach } from './commands/attach.ts';
import { Commit } from './commands/commit.ts';
import { ContainerExists } from './commands/container-exists.ts';
import { ContainerPrune } from './commands/container-prune.ts';
import { Cp } from './commands/cp.ts';
import { Create } from './commands/create.ts';
import { Diff } from './commands/diff.ts';
import { Doctor } from './commands/doctor.ts';
import { Events } from './commands/events.ts';
import { Exec } from './commands/exec.ts';
import { Export } from './commands/export.ts';
import { GenerateSystemd } from './commands/generate-systemd.ts';
import { HealthcheckRun } from './commands/healthcheck.ts';
import { History } from './commands/history.ts';
import { ImageExists } from './commands/image-exists.ts';
import { ImagePrune } from './commands/image-prune.ts';
import { ImageTree } from './commands/image-tree.ts';
import { Images } from './commands/images.ts';
import { Info } from './commands/info.ts';
import { ContainerInspect, ImageInspect, Inspect } from './commands/inspect.ts';
import { Kill } from './commands/kill.ts';
import { Load } from './commands/load.ts';
import { Login } from './commands/login.ts';
import { Logout } from './commands/logout.ts';
import { Logs } from './commands/logs.ts';
import { Pause } from './commands/pause.ts';
import { PodCreate } from './commands/pod-create.ts';
import { PodExists } from './commands/pod-exists.ts';
import { PodInspect } from './commands/pod-inspect.ts';
import { PodKill } from './commands/pod-kill.ts';
import { PodLogs } from './commands/pod-logs.ts';
import { PodPause } from './commands/pod-pause.ts';
import { PodPrune } from './commands/pod-prune.ts';
import { PodPs } from './commands/pod-ps.ts';
import { PodRestart } from './commands/pod-restart.ts';
import { PodRm } from './commands/pod-rm.ts';
import { PodStart } from './commands/pod-start.ts';
import { PodStats } from './commands/pod-stats.ts';
import { PodStop } from './commands/pod-stop.ts';
import { PodTop } from './commands/pod-top.ts';
import { PodUnpause } from './commands/pod-unpause.ts';
import { Port } from './commands/port.ts';
import { Ps } from './commands/ps.ts';
import { Pull } from './commands/pull.ts';
import { Rename } from './commands/rename.ts';
import { Restart } from './commands/restart.ts';
import { Rm } from './commands/rm.ts';
import { Rmi } from './commands/rmi.ts';
import { Run } from './commands/run.ts';
import { Start } from './commands/start.ts';
import { Stats } from './commands/stats.ts';
import { Stop } from './commands/stop.ts';
import { SystemCheck } from './commands/system-check.ts';
import { SystemDf } from './commands/system-df.ts';
import { SystemMigrate } from './commands/system-migrate.ts';
import { SystemPrune } from './commands/system-prune.ts';
import { SystemReset } from './commands/system-reset.ts';
import { Tag } from './commands/tag.ts';
import { Top } from './commands/top.ts';
import { Unpause } from './commands/unpause.ts';
import { Unshare } from './commands/unshare.ts';
import { Untag } from './commands/untag.ts';
import { Update } from './commands/update.ts';
import { Version } from './commands/version.ts';
import { VolumeCreate } from './commands/volume-create.ts';
import { VolumeExists } from './commands/volume-exists.ts';
import { VolumeInspect } from './commands/volume-inspect.ts';
import { VolumeLs } from './commands/volume-ls.ts';
import { VolumePrune } from './commands/volume-prune.ts';
import { VolumeRm } from './commands/volume-rm.ts';
import { Wait } from './commands/wait.ts';
import type { AnyCommandClass } from './declarations.ts';

/** Every command there is. */
export const commands: AnyCommandClass[] = [
  ...[
    Attach,
    Commit,
    ContainerExists,
    ContainerInspect,
    Cp,
    Create,
    Diff,
    Doctor,
    Events,
    Exec,
    Export,
    GenerateSystemd,
    HealthcheckRun,
    ImageInspect,
    Images,
    Info,
    Inspect,
    Kill,
    Load,
    Login,
    Logout,
    Logs,
    Pause,
    Port,
    Ps,
    Pull,
    Rename,
    Restart,
    Rm,
    Rmi,
    Run,
    Start,
    Stats,
    Stop,
    SystemCheck,
    SystemMigrate,
  ],
  ...[History, ImageExists, ImageTree, Tag, Untag],
  ...[Top, Unpause, Unshare, Update, Version, Wait],
  ...[
    PodCreate,
    PodExists,
    PodInspect,
    PodKill,
    PodLogs,
    PodPause,
    PodPrune,
    PodPs,
    PodRestart,
    PodRm,
    PodStart,
    PodStats,
    PodStop,
    PodTop,
    PodUnpause,
  ],
  ...[
    ContainerPrune,
    ImagePrune,
    SystemDf,
    SystemPrune,
    SystemReset,
    VolumeCreate,
    VolumeExists,
    VolumeInspect,
    VolumeLs,
    VolumePrune,
    VolumeRm,
  ],
];
