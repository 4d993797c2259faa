import { noSuchImage, resolveImage } from '../../core/images/find.ts';
import { type LayerNode, layerTree } from '../../core/images/tree.ts';
import { Option, PodCommand } from '../command.ts';
import { familiarImage } from '../familiar-image.ts';
import { isTerminal } from '../output/color.ts';
import { escapeControlsInLines } from '../output/escape.ts';
import { humanSize, shortId } from '../output/units.ts';
import { pathsOf } from '../paths.ts';

export class ImageTree extends PodCommand {
  static override usage = { description: 'Show the layers of an image as a tree' };

  whatRequires = Option.Boolean('--whatrequires', false, {
    description: 'With the layers that other images have on top of them',
  });
  image = Option.String({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const image = resolveImage(paths, this.image);
    if (!image) throw noSuchImage(this.image);
    const tree = await layerTree(paths, image, this.whatRequires);
    const lines = [
      `Image ID: ${shortId(image.id)}`,
      `Tags:     [${image.names.map(familiarImage).join(' ')}]`,
      `Size:     ${humanSize(image.size, 4)}`,
      ...(tree.length === 0 ? ['No Image Layers'] : ['Image Layers', ...branches(pathUp(tree))]),
    ];
    const text = `${lines.join('\n')}\n`;
    this.print(isTerminal(this.context.stdout) ? escapeControlsInLines(text) : text);
    return 0;
  }
}

/** podman shows layers that lie one on the other side by side: only where several lie on one there is a branch. */
function pathUp(nodes: readonly LayerNode[]): (LayerNode & { branches: LayerNode[] })[] {
  const row: (LayerNode & { branches: LayerNode[] })[] = [];
  let level = nodes;
  while (level.length === 1) {
    const [node] = level as [LayerNode];
    level = node.above;
    row.push({ ...node, branches: level.length > 1 ? [...level] : [] });
  }
  return row.length === 0 ? level.map((node) => ({ ...node, branches: node.above })) : row;
}

function branches(row: readonly (LayerNode & { branches: LayerNode[] })[], indent = ''): string[] {
  return row.flatMap((node, at) => {
    const last = at === row.length - 1;
    const top = node.topOf.map(familiarImage).join(' ');
    const line = `ID: ${shortId(node.diffId)} Size: ${humanSize(node.size, 4)}${top ? ` Top Layer of: [${top}]` : ''}`;
    const below = node.branches.map((branch) => ({ ...branch, branches: branch.above }));
    return [
      `${indent}${last ? '└── ' : '├── '}${line}`,
      ...branches(below, `${indent}${last ? '    ' : '│   '}`),
    ];
  });
}
