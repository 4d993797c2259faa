#ifndef COPY_H
#define COPY_H

/*
 * The driver `copy`: a container's root is a tree of its own, into which the image's layers are copied one after the
 * other, the lowest first, by a process in the user namespace whose ids own the layers.
 */

/*
 * Owners to write in place of those found, `FOUND:WANTED:SIZE[,...]` for uids and gids; an id in no range becomes
 * 65534. `-`: owners stay. To be called before copy_layer. Dies on anything else.
 */
void copy_owners(const char *uids, const char *gids);

/*
 * Copies what is in the layer from_fd over the tree to_fd (O_PATH descriptors do), as the kernel's overlay would show
 * it: a whiteout (a character device 0:0, or a name `.wh.NAME`) removes, an opaque directory empties, anything else
 * replaces what isn't a directory too. Owners, modes, times, extended attributes, holes, and hard links within the
 * layer are kept. Nothing outside of the two trees is touched, whatever others do in them. 0, or one of apply.h's codes
 * after a message.
 */
int copy_layer(int from_fd, int to_fd);

/* The same without the directory itself: owner, mode and the rest of to_fd stay. */
int copy_content(int from_fd, int to_fd);

#endif
