import { hostFacts } from '../../core/container/facts.ts';
import { PodError } from '../../core/error.ts';
import { createPod } from '../../core/pod/create.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

const list = (names: string, description: string) => Option.Array(names, [], { description });
const text = (names: string, description: string) => Option.String(names, { description });

export class PodCreate extends PodCommand {
  static override usage = { description: 'Make a pod: containers that share namespaces' };

  addHost = list('--add-host', 'Add a line to /etc/hosts (`name:address`)');
  noHosts = Option.Boolean('--no-hosts', false, { description: "Leave the images' /etc/hosts as they are" });
  dns = list('--dns', 'Name `server` to use');
  dnsOption = list('--dns-option,--dns-opt', 'An `option` for resolv.conf');
  dnsSearch = list('--dns-search', 'A search `domain` for resolv.conf');
  exitPolicy = Option.String('--exit-policy', 'continue', {
    description: 'When its last container ends: continue or stop (`policy`)',
    validator: oneOf('continue', 'stop'),
  });
  gidmap = list('--gidmap', 'Group id map (`container:host:size`)');
  hostname = text('-h,--hostname', 'Host `name` of its containers');
  infra = Option.Boolean('--infra', true, { description: 'Hold the namespaces in a process of their own' });
  infraName = text('--infra-name', 'A `name` for the container that holds them');
  label = list('-l,--label', 'A `label`, key=value');
  labelFile = list('--label-file', 'Read labels from a `file`');
  podName = text('-n,--name', 'A `name` for the pod');
  network = list('--network,--net', 'Network: slirp4netns, none, host (`mode`)');
  pid = text('--pid', 'PID namespace of the infra container (`mode`)');
  podIdFile = text('--pod-id-file', 'Write the pod id to this `file`');
  publish = list('-p,--publish', 'Publish a port (`[address:][port:]port`)');
  replace = Option.Boolean('--replace', false, { description: 'Remove the pod of that name first' });
  restart = text('--restart', 'Restart `policy` of its containers');
  securityOpt = list('--security-opt', 'A security `option` of the infra container');
  share = text('--share', 'Namespaces to share: cgroup, ipc, net, pid, uts, or none (`list`)');
  shmSize = text('--shm-size', 'Size of /dev/shm (`size`)');
  sysctl = list('--sysctl', 'Set a kernel parameter of a namespace (`key=value`)');
  uidmap = list('--uidmap', 'User id map (`container:host:size`)');
  userns = text('--userns', 'User namespace: host, keep-id, nomap or auto (`mode`)');
  uts = text('--uts', 'UTS namespace: private or host (`mode`)');
  names = Option.Rest({ name: 'name' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { env } = this.context;
    const [first, ...more] = this.names;
    if (more.length > 0 || (first !== undefined && this.podName !== undefined))
      throw new PodError({ code: 'usage', message: 'a pod has one name' });
    const pod = await createPod(
      { ...this, name: this.podName ?? first },
      {
        paths,
        starts: false,
        environment: env,
        host: hostFacts(env),
        image: () => Promise.reject(new TypeError('a pod has no image')),
        notice: (line) => this.warn(line),
      },
    );
    this.printLine(pod.id);
    return 0;
  }
}
