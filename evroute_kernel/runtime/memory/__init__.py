"""What shared memory is made of: room in a folder, pages allocated before they are written, integers in a file."""
