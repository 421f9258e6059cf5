/** What Lab's file browser drags. */
export const CONTENTS = 'application/x-jupyter-icontents';

/** Whether files are being dragged, by Lab or from the desktop. */
export function holdsFiles(event: Event): boolean {
  const { mimeData, dataTransfer } = event as Event & {
    mimeData?: { hasData(type: string): boolean };
    dataTransfer?: DataTransfer | null;
  };
  return (
    mimeData?.hasData(CONTENTS) ??
    dataTransfer?.types.includes('Files') ??
    false
  );
}
