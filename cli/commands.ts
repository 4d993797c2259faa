import type { CommandEntry } from './command-table.ts';

/** Every command there is: what it is called, and where it is. It is loaded when somebody types it. */
export const commands: CommandEntry[] = [
  [['attach', 'container attach'], async () => (await import('./commands/attach.ts')).Attach],
  [['commit', 'container commit'], async () => (await import('./commands/commit.ts')).Commit],
  [['container exists'], async () => (await import('./commands/container-exists.ts')).ContainerExists],
  [['container inspect'], async () => (await import('./commands/inspect.ts')).ContainerInspect],
  [['container prune'], async () => (await import('./commands/container-prune.ts')).ContainerPrune],
  [['cp', 'container cp'], async () => (await import('./commands/cp.ts')).Cp],
  [['create', 'container create'], async () => (await import('./commands/create.ts')).Create],
  [['diff', 'container diff'], async () => (await import('./commands/diff.ts')).Diff],
  [['doctor'], async () => (await import('./commands/doctor.ts')).Doctor],
  [['events', 'system events'], async () => (await import('./commands/events.ts')).Events],
  [['exec', 'container exec'], async () => (await import('./commands/exec.ts')).Exec],
  [['export', 'container export'], async () => (await import('./commands/export.ts')).Export],
  [['generate systemd'], async () => (await import('./commands/generate-systemd.ts')).GenerateSystemd],
  [['healthcheck run'], async () => (await import('./commands/healthcheck.ts')).HealthcheckRun],
  [['history', 'image history'], async () => (await import('./commands/history.ts')).History],
  [['image exists'], async () => (await import('./commands/image-exists.ts')).ImageExists],
  [['image inspect'], async () => (await import('./commands/inspect.ts')).ImageInspect],
  [['image prune'], async () => (await import('./commands/image-prune.ts')).ImagePrune],
  [['image tree'], async () => (await import('./commands/image-tree.ts')).ImageTree],
  [['images', 'image ls', 'image list'], async () => (await import('./commands/images.ts')).Images],
  [['info', 'system info'], async () => (await import('./commands/info.ts')).Info],
  [['inspect'], async () => (await import('./commands/inspect.ts')).Inspect],
  [['kill', 'container kill'], async () => (await import('./commands/kill.ts')).Kill],
  [['load', 'image load'], async () => (await import('./commands/load.ts')).Load],
  [['login'], async () => (await import('./commands/login.ts')).Login],
  [['logout'], async () => (await import('./commands/logout.ts')).Logout],
  [['logs', 'container logs'], async () => (await import('./commands/logs.ts')).Logs],
  [['pause', 'container pause'], async () => (await import('./commands/pause.ts')).Pause],
  [['pod create'], async () => (await import('./commands/pod-create.ts')).PodCreate],
  [['pod exists'], async () => (await import('./commands/pod-exists.ts')).PodExists],
  [['pod inspect'], async () => (await import('./commands/pod-inspect.ts')).PodInspect],
  [['pod kill'], async () => (await import('./commands/pod-kill.ts')).PodKill],
  [['pod logs'], async () => (await import('./commands/pod-logs.ts')).PodLogs],
  [['pod pause'], async () => (await import('./commands/pod-pause.ts')).PodPause],
  [['pod prune'], async () => (await import('./commands/pod-prune.ts')).PodPrune],
  [['pod ps', 'pod ls', 'pod list'], async () => (await import('./commands/pod-ps.ts')).PodPs],
  [['pod restart'], async () => (await import('./commands/pod-restart.ts')).PodRestart],
  [['pod rm'], async () => (await import('./commands/pod-rm.ts')).PodRm],
  [['pod start'], async () => (await import('./commands/pod-start.ts')).PodStart],
  [['pod stats'], async () => (await import('./commands/pod-stats.ts')).PodStats],
  [['pod stop'], async () => (await import('./commands/pod-stop.ts')).PodStop],
  [['pod top'], async () => (await import('./commands/pod-top.ts')).PodTop],
  [['pod unpause'], async () => (await import('./commands/pod-unpause.ts')).PodUnpause],
  [['port', 'container port'], async () => (await import('./commands/port.ts')).Port],
  [
    ['ps', 'container ps', 'container ls', 'container list'],
    async () => (await import('./commands/ps.ts')).Ps,
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
import { ImagePrune } from './commands/image-prune.ts';
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
import { Save } from './commands/save.ts';
import { Start } from './commands/start.ts';
import { Stats } from './commands/stats.ts';
import { Stop } from './commands/stop.ts';
import { SystemCheck } from './commands/system-check.ts';
import { SystemDf } from './commands/system-df.ts';
import { SystemMigrate } from './commands/system-migrate.ts';
import { SystemPrune } from './commands/system-prune.ts';
import { SystemReset } from './commands/system-reset.ts';
import { Top } from './commands/top.ts';
import { Unpause } from './commands/unpause.ts';
import { Unshare } from './commands/unshare.ts';
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
    Save,
    Start,
    Stats,
    Stop,
    SystemCheck,
    SystemMigrate,
  ],
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
  [['pull', 'image pull'], async () => (await import('./commands/pull.ts')).Pull],
  [['push', 'image push'], async () => (await import('./commands/push.ts')).Push],
  [['rename', 'container rename'], async () => (await import('./commands/rename.ts')).Rename],
  [['restart', 'container restart'], async () => (await import('./commands/restart.ts')).Restart],
  [['rm', 'container rm', 'container remove'], async () => (await import('./commands/rm.ts')).Rm],
  [['rmi', 'image rm', 'image remove'], async () => (await import('./commands/rmi.ts')).Rmi],
  [['run', 'container run'], async () => (await import('./commands/run.ts')).Run],
  [['start', 'container start'], async () => (await import('./commands/start.ts')).Start],
  [['stats', 'container stats'], async () => (await import('./commands/stats.ts')).Stats],
  [['stop', 'container stop'], async () => (await import('./commands/stop.ts')).Stop],
  [['system check'], async () => (await import('./commands/system-check.ts')).SystemCheck],
  [['system df'], async () => (await import('./commands/system-df.ts')).SystemDf],
  [['system migrate'], async () => (await import('./commands/system-migrate.ts')).SystemMigrate],
  [['system prune'], async () => (await import('./commands/system-prune.ts')).SystemPrune],
  [['system reset'], async () => (await import('./commands/system-reset.ts')).SystemReset],
  [['tag', 'image tag'], async () => (await import('./commands/tag.ts')).Tag],
  [['top', 'container top'], async () => (await import('./commands/top.ts')).Top],
  [['unpause', 'container unpause'], async () => (await import('./commands/unpause.ts')).Unpause],
  [['unshare'], async () => (await import('./commands/unshare.ts')).Unshare],
  [['untag', 'image untag'], async () => (await import('./commands/untag.ts')).Untag],
  [['update', 'container update'], async () => (await import('./commands/update.ts')).Update],
  [['version'], async () => (await import('./commands/version.ts')).Version],
  [['volume create'], async () => (await import('./commands/volume-create.ts')).VolumeCreate],
  [['volume exists'], async () => (await import('./commands/volume-exists.ts')).VolumeExists],
  [['volume inspect'], async () => (await import('./commands/volume-inspect.ts')).VolumeInspect],
  [['volume ls', 'volume list'], async () => (await import('./commands/volume-ls.ts')).VolumeLs],
  [['volume prune'], async () => (await import('./commands/volume-prune.ts')).VolumePrune],
  [['volume rm', 'volume remove'], async () => (await import('./commands/volume-rm.ts')).VolumeRm],
  [['wait', 'container wait'], async () => (await import('./commands/wait.ts')).Wait],
];
