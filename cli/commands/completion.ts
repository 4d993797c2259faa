import { Command } from 'clipanion/lib/advanced/Command.js';
import { readAsset } from '../../core/assets.ts';
import { Option, PodCommand } from '../command.ts';
import { SHELLS } from '../completion/names.ts';
import { parseChoice } from '../parse.ts';

export class Completion extends PodCommand {
  static override usage = Command.Usage({
    description: 'Print what makes a shell (bash, fish or zsh) complete commands, flags and names',
    examples: [
      ['In every bash from now on', `echo '. <($0 completion bash)' >> ~/.bashrc`],
      ['In every zsh (behind compinit)', `echo '. <($0 completion zsh)' >> ~/.zshrc`],
      ['In every fish', '$0 completion fish > ~/.config/fish/completions/$0.fish'],
    ],
  });

  shell = Option.String({ name: 'shell' });

  async execute(): Promise<number> {
    this.print(new TextDecoder().decode(readAsset(`completion/${parseChoice(this.shell, SHELLS)}`)));
    return 0;
  }
}
