// What critest's NoNewPrivs image prints: whether its set-user-ID bit counted.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  printf("Effective uid: %d\n", (int)geteuid());
  return 0;
}
